// main.jsx - puts the pages into the document.
import { render } from 'preact';

import { App } from './app.jsx';
import './style.css';

render(<App />, document.getElementById('app'));
