// A map as a picture: the drawn canvas with the names, the legend and the source line that stand over it as text.
// Who may ask for one, and what the file is called, is left to the page.

const fonts = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", sans-serif';

const PATTERN = "#98a2af";

interface Sheet {
  context: CanvasRenderingContext2D;
  origin: DOMRect;
}

/** Writes the text of a node where the page shows it. */
function write({ context, origin }: Sheet, node: Node, style: CSSStyleDeclaration, halo?: string): void {
  const range = document.createRange();
  range.selectNodeContents(node);
  const box = range.getBoundingClientRect();
  const [x, y] = [box.left - origin.left, box.top + box.height / 2 - origin.top];
  context.font = `${style.fontWeight} ${style.fontSize} ${fonts}`;
  context.textBaseline = "middle";
  if (halo) {
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = halo;
    context.strokeText(node.textContent ?? "", x, y);
  }
  context.fillStyle = style.color;
  context.fillText(node.textContent ?? "", x, y);
}
function fill({ context, origin }: Sheet, element: Element, colour: string, inset = 0): void {
  const box = element.getBoundingClientRect();
  context.fillStyle = colour;
  context.fillRect(
    box.left - origin.left + inset,
    box.top - origin.top + inset,
    box.width - 2 * inset,
    box.height - 2 * inset,
  );
}
function names(sheet: Sheet, map: Element, halo: string): void {
  for (const label of map.querySelectorAll<HTMLElement>(".map-label")) {
    if (label.dataset["shown"] === "none" || !label.firstChild) continue;
    write(sheet, label.firstChild, getComputedStyle(label), halo);
    const value = label.querySelector("small");
    if (value && label.dataset["shown"] !== "name") write(sheet, value, getComputedStyle(value), halo);
  }
}
function legend(sheet: Sheet, map: Element): void {
  const box = map.querySelector(".map-legend");
  if (!box) return;
  fill(sheet, box, getComputedStyle(box).backgroundColor);
  for (const sample of box.querySelectorAll("i")) {
    const { backgroundColor, borderTopColor, borderTopWidth, backgroundImage } = getComputedStyle(sample);
    // A pattern is drawn as its plain ground; its row says what it is.
    if (backgroundImage !== "none") fill(sheet, sample, PATTERN);
    else if (borderTopWidth === "0px") fill(sheet, sample, backgroundColor);
    else {
      fill(sheet, sample, borderTopColor);
      fill(sheet, sample, backgroundColor, 1);
    }
  }
  const texts = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode())
    if (node.parentElement) write(sheet, node, getComputedStyle(node.parentElement));
}

/** The map in `.region-map` as a PNG of its size on the screen; null where the browser cannot draw it. */
export function mapPicture(map: Element, halo: string): Promise<Blob | null> {
  const drawn = map.querySelector("canvas");
  const origin = map.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  const scale = drawn ? drawn.width / Math.max(1, drawn.clientWidth) : 1;
  canvas.width = Math.round(origin.width * scale);
  canvas.height = Math.round(origin.height * scale);
  const context = canvas.getContext("2d");
  if (!drawn || !context) return Promise.resolve(null);
  context.drawImage(drawn, 0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  const sheet = { context, origin };
  names(sheet, map, halo);
  legend(sheet, map);
  const source = map.querySelector(".map-source");
  if (source) write(sheet, source, getComputedStyle(source), halo);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
