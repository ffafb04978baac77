"""Tables of distances that no memory holds: told block by block, kept in a Zarr store or as a Dask array."""
