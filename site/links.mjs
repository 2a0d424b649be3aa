// Docs name other files in plain words, "docs/training.md has the recipe", as they are read in an editor too. On the site those words are links.

const word = /(?<![\w./-])(?:docs\/)?([a-z_]+)\.md\b/g;

/** A markdown-it plugin. @param pages names of the pages of docs/ */
export function linkPages(md, pages) {
  const known = new Set(pages);
  md.core.ruler.push('link_pages', (state) => {
    for (const block of state.tokens) {
      if (block.type === 'inline') block.children = linked(block.children, known, state.Token);
    }
  });
}

/** The tokens of a paragraph with links where its text names pages. Text that is a link already, and code, stays. */
function linked(tokens, known, Token) {
  let depth = 0;
  return tokens.flatMap((token) => {
    if (token.type === 'link_open') depth++;
    if (token.type === 'link_close') depth--;
    return token.type === 'text' && depth === 0 ? split(token, known, Token) : [token];
  });
}

function split(token, known, Token) {
  const parts = [];
  const text = (content) => {
    if (content === '') return;
    const part = new Token('text', '', 0);
    part.content = content;
    parts.push(part);
  };
  let at = 0;
  for (const { 0: found, 1: name, index } of token.content.matchAll(word)) {
    if (!known.has(name)) continue;
    text(token.content.slice(at, index));
    const open = new Token('link_open', 'a', 1);
    open.attrs = [['href', `/docs/${name}.html`]];
    parts.push(open);
    text(found);
    parts.push(new Token('link_close', 'a', -1));
    at = index + found.length;
  }
  text(token.content.slice(at));
  return parts;
}
