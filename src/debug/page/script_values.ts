/**
 * The script of the pages: values as trees that open on demand.
 *
 * @module
 */

/** The second part. */
export const VALUES_SCRIPT = `
/* The line of a value; members that are not here are asked for when it is opened. */
const showValue = (key, value, load) => {
  const line = [];
  if (key !== undefined) line.push(make("span", {class: "key"}, key));
  line.push(make("span", {class: "v-" + value.kind}, value.text));
  const opens = value.members?.length || value.id !== undefined && !value.members;
  if (value.more && !opens) line.push(" … " + value.more + " more");
  if (!opens) return make("li", {}, ...line);
  const details = make("details", {}, make("summary", {}, ...line));
  details.ontoggle = async () => {
    if (!details.open || details.querySelector("ul, p")) return;
    const place = make("p", {}, "…");
    details.append(place);
    try {
      const members = value.members ?? await load(value.id);
      const tree = showMembers(members, load);
      if (value.more) tree.append(make("li", {}, "… " + value.more + " more"));
      place.replaceWith(members.length ? tree : make("p", {}, "nothing"));
    } catch (failure) {
      place.textContent = failure.message;
    }
  };
  /* The scopes that are the frame's own are what a person looks for. */
  details.open = value.kind === "scope" && !["closure", "module", "script", "global"].includes(key);
  return make("li", {}, details);
};
const showMembers = (members, load) =>
  make("ul", {class: "tree"}, ...members.map(({key, value}) => showValue(key, value, load)));
`;
