// Emoji codes; one that is not known is shown as it is written, as Slack does.

const KNOWN = {
  "+1": "👍", "-1": "👎", alert: "🚨", bell: "🔔", bug: "🐛", checkered_flag: "🏁",
  clock1: "🕐", construction: "🚧", eyes: "👀", file_folder: "📁", fire: "🔥", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", information_source: "ℹ️", key: "🔑", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_red_circle: "🔴", lock: "🔒", mag: "🔍", memo: "📝",
  no_entry: "⛔", ok_hand: "👌", pray: "🙏", pushpin: "📌", raised_hands: "🙌", red_circle: "🔴",
  rotating_light: "🚨", shield: "🛡️", tada: "🎉", test_tube: "🧪", thumbsup: "👍",
  unlock: "🔓", warning: "⚠️", wave: "👋", white_check_mark: "✅", x: "❌",
};

export const emoji = (name) => KNOWN[name] ?? `:${name}:`;
