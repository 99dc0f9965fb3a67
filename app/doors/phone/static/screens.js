// Every screen by the first part of its address.

import { calendarScreen } from "./calendar.js";
import { courseScreen } from "./course.js";
import { entryScreen } from "./entry.js";
import { helpScreens } from "./help.js";
import { moreScreens } from "./more.js";
import { recordScreens } from "./record.js";

export const screens = {
  today: (_named, tools) => entryScreen("", tools),
  day: entryScreen,
  calendar: calendarScreen,
  course: courseScreen,
  ...helpScreens,
  ...moreScreens,
  ...recordScreens,
};
