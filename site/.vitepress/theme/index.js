import theme from 'vitepress/theme';
import './wide.css';

// biome-ignore lint/style/noDefaultExport: VitePress takes its theme from there.
export default theme;
