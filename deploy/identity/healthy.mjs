// healthy.mjs - ends with 0 if the provider beside it answers, and has published what services read.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { services } from './people.mjs';

const published = Object.keys(services).every((name) =>
    existsSync(join(process.env.CAIRN_IDENTITY_PUBLISH, name, 'token')),
);
const response = await fetch('http://127.0.0.1:8070/jwks').catch(() => ({ ok: false }));
process.exit(published && response.ok ? 0 : 1);
