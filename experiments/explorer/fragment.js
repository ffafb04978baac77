// The fragment of the page's address: a link that holds every setting.

/** The settings as a fragment; numbers are written so that they are read back to the last digit. */
function fragmentOf(settings) {
  return `#${Object.keys(INITIAL).map((name) => `${name}=${encodeURIComponent(settings[name])}`).join("&")}`;
}

/** The settings that a fragment holds, others as at first, and what is wrong with it. */
function settingsOf(fragment) {
  const settings = { ...INITIAL };
  const words = fragment.replace(/^#/, "");
  if (!words) return { settings, fault: "" };
  const preset = presets.find(({ name }) => name === words);
  if (preset) return { settings: { ...settings, ...preset.settings, trajectory: NONE }, fault: "" };
  for (const word of words.split("&")) {
    const [name, text = ""] = word.split("=");
    if (!(name in INITIAL)) return refused(`it sets “${plain(name)}”, which this page does not have`);
    settings[name] = name in CHOICES ? plain(text) : text.trim() ? Number(plain(text)) : NaN;
  }
  const wrong = firstFault(settings);
  return wrong ? refused(wrong) : { settings, fault: "" };
}

function refused(reason) {
  return { settings: { ...INITIAL }, fault: `This link cannot be shown: ${reason}. What you see is what the page begins with.` };
}

function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
