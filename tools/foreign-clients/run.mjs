// Runs other people's clients against the simulator and prints what each did as a Markdown table. Ends with 1 when a
// client could not be installed or a step of its task failed.
import { execFile, fork, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');
const installTime = 300_000;
const taskTime = 300_000;

const clients = [
  { name: 'servicenow-rest-api', version: '1.2.2', task: 'servicenow-rest-api.mjs' },
  {
    name: '@backstage-community/plugin-scaffolder-backend-module-servicenow',
    version: '2.17.0',
    task: 'backstage-scaffolder.mjs',
  },
  { name: '@servicenow/sdk', version: '4.9.0', task: 'servicenow-sdk.mjs' },
];

// What has no task here, and why.
const notTried = [
  { name: 'pysnow, PySNC, aiosnow (Python)', why: 'from PyPI; only npm is used here' },
  { name: 'servicenow.itsm (Ansible)', why: 'from Ansible Galaxy; only npm is used here' },
  {
    name: 'servicenow-sdk-go, gosnow, go-servicenow, snow-go (Go)',
    why: 'not served by the Go module proxy at hand on 2026-11-24',
  },
  {
    name: 'terraform-provider-elasticstack, go-kibana-rest, elastic-agent-libs (Go, for Kibana)',
    why: 'not served by the Go module proxy at hand on 2026-11-24',
  },
];

const scratch = mkdtempSync(join(tmpdir(), 'foreign-clients-'));
let simulator;
process.on('exit', () => {
  simulator?.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

const run = promisify(execFile);

async function startSimulator() {
  const binary = join(scratch, 'servicenow-simulator');
  await run('go', ['build', '-o', binary, './internal/cmd/servicenow-simulator'], { cwd: root });
  // HTTPS, because servicenow-rest-api speaks nothing else.
  simulator = spawn(binary, ['-servicenow', '127.0.0.1:0', '-kibana', '127.0.0.1:0', '-tls'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: simulator.stdout })) {
    const started = JSON.parse(line);
    const certificate = join(scratch, 'ca.pem');
    writeFileSync(certificate, started.ca_certificate);
    return { started, certificate };
  }
  throw new Error('the simulator ended before it listened');
}

async function install(client) {
  const folder = join(scratch, client.task.replace(/\.mjs$/, ''));
  mkdirSync(folder);
  const options = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  await run('npm', ['install', ...options, `${client.name}@${client.version}`], { cwd: folder, timeout: installTime });
  return folder;
}

// In a process of its own, since only a new one reads NODE_EXTRA_CA_CERTS, and since clients print.
function runTask(client, folder, { started, certificate }) {
  return new Promise((resolve) => {
    const steps = [];
    const child = fork(join(here, client.task), [], {
      cwd: folder,
      timeout: taskTime,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        NODE_EXTRA_CA_CERTS: certificate,
        FOREIGN_CLIENT_FOLDER: folder,
        FOREIGN_CLIENT_INSTANCE: JSON.stringify(started),
      },
    });
    child.on('message', (step) => steps.push(step));
    child.on('close', (code, signal) => {
      if (code !== 0 && !steps.some((step) => step.error)) {
        steps.push({ name: 'task', error: signal ? 'not done in time' : `ended with ${code}` });
      }
      resolve(steps);
    });
  });
}

const cell = (text) => String(text).replaceAll('|', '\\|').replace(/\s+/g, ' ');
const rows = [['client', 'version', 'what was done', 'result'], ['---', '---', '---', '---']];
const instance = await startSimulator();
for (const client of clients) {
  let steps;
  try {
    steps = await runTask(client, await install(client), instance);
  } catch (error) {
    steps = [{ name: 'install', error: /npm error code (\w+)/.exec(error.stderr)?.[1] ?? error.message }];
  }
  const failed = steps.some((step) => step.error);
  if (failed || steps.length === 0) process.exitCode = 1;
  const remarks = steps.filter((step) => step.error).map((step) => `**${step.name}: ${step.error}**`);
  const verdict = failed ? 'FAILED' : steps.length === 0 ? 'nothing ran' : 'passed';
  rows.push([
    `\`${client.name}\` (npm)`,
    client.version,
    steps.map((step) => step.name).join('; '),
    [verdict, ...remarks].join(', '),
  ]);
}
for (const { name, why } of notTried) rows.push([name, '', '', `not tried: ${why}`]);
for (const row of rows) console.log(`| ${row.map(cell).join(' | ')} |`);
process.exit(); // a child that hangs on must not keep the run
