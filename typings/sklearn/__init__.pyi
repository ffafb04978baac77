# What this project uses of scikit-learn 1.9, which has no types of its own. A name or an option that is missing here is
# one that the project did not need so far: add it.
