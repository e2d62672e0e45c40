// What only a browser can tell of the page that it shows. Answers with a list of complaints.
(() => {
  const complaints = [];
  const name = (element) => {
    const text = (element.textContent || "").trim().slice(0, 40);
    return `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> "${text}"`;
  };

  // Nothing is wider than the window, but what scrolls by itself.
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    complaints.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${width} px`);
    for (const element of document.querySelectorAll("body *")) {
      const scroll = element.closest(".scroll");
      if (scroll && getComputedStyle(scroll).overflowX !== "visible") continue;
      if (element.getBoundingClientRect().right > width + 1) complaints.push(`too wide: ${name(element)}`);
    }
  }

  // Headings step down one at a time.
  let before = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Number(heading.tagName[1]);
    if (level > before + 1) complaints.push(`h${level} after h${before}: ${name(heading)}`);
    before = level;
  }

  // Links lead somewhere, and no two elements have one name.
  const ids = new Set();
  for (const element of document.querySelectorAll("[id]")) {
    if (ids.has(element.id)) complaints.push(`id ${element.id} is there twice`);
    ids.add(element.id);
  }
  for (const link of document.querySelectorAll("a")) {
    if (!ids.has(link.getAttribute("href").slice(1))) complaints.push(`${link.getAttribute("href")} leads nowhere`);
  }

  // Contrast, as WCAG 2 counts it: 4.5 for text, against the nearest backgrounds painted behind it.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colors = new Map();
  const rgba = (color) => {
    if (!colors.has(color)) colors.set(color, painted(color));
    return [...colors.get(color)];
  };
  const painted = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((part, at) => part * top[3] + below[at] * (1 - top[3])).concat(1);
  const grounds = new Map();
  const behind = (element) => {
    if (!element) return [255, 255, 255, 1];
    if (!grounds.has(element)) {
      grounds.set(element, over(rgba(getComputedStyle(element).backgroundColor), behind(element.parentElement)));
    }
    return grounds.get(element);
  };
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const seen = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || element.closest("svg title, svg desc")) continue;
    const style = getComputedStyle(element);
    const text = element.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const background = behind(element);
    const key = `${text} ${background}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const found = contrast(over(rgba(text), background), background);
    if (found < 4.5) complaints.push(`contrast ${found.toFixed(2)}: ${name(element)}`);
  }
  // Lines and bars: 3.
  for (const shape of document.querySelectorAll("svg .line, svg .bars, svg .dots")) {
    const style = getComputedStyle(shape);
    const color = rgba(style.fill === "none" ? style.stroke : style.fill);
    color[3] *= Number(style.fill === "none" ? style.strokeOpacity : style.fillOpacity);
    const found = contrast(over(color, behind(shape)), behind(shape));
    if (found < 3) complaints.push(`contrast ${found.toFixed(2)}: ${shape.getAttribute("class")}`);
  }

  // Letters in pictures stay readable.
  for (const text of document.querySelectorAll("svg text")) {
    const box = text.getBoundingClientRect();
    if (box.height && box.height < 10) complaints.push(`letters of ${box.height.toFixed(1)} px: ${name(text)}`);
  }

  // What is printed cannot be opened.
  if (matchMedia("print").matches) {
    for (const element of document.querySelectorAll("details > :not(summary)")) {
      if (!element.checkVisibility({ contentVisibilityAuto: true })) complaints.push(`not printed: ${name(element)}`);
    }
    if (behind(document.body).slice(0, 3).some((part) => part !== 255)) complaints.push("printed on a coloured ground");
  }
  return complaints;
})()
