// What the tasks share: the simulator's address, how to look into it behind the client's back, and how to report.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const started = JSON.parse(process.env.FOREIGN_CLIENT_INSTANCE);

export const folder = process.env.FOREIGN_CLIENT_FOLDER;
export const url = started.instance_url;
export const username = started.servicenow_username;
export const password = started.servicenow_password;

// Loads a package from where run.mjs installed it.
export const load = createRequire(join(folder, 'package.json'));

// Rows as the simulator stores them, by its admin endpoint.
export async function stored(table, query) {
  const response = await fetch(`${url}/simulator/records/${table}?query=${encodeURIComponent(query)}`);
  assert.equal(response.status, 200);
  return response.json();
}

// Inserts a row by the admin endpoint, and returns its sys_id.
export async function insert(table, row) {
  const response = await fetch(`${url}/simulator/records/${table}`, { method: 'POST', body: JSON.stringify(row) });
  assert.ok(response.ok, `inserting into ${table}: ${response.status}`);
  return (await response.json()).sys_id;
}

// Runs one step after another and reports each. The first that fails ends the task, since the next ones build on it.
export async function steps(list) {
  for (const [name, step] of list) {
    try {
      await step();
      process.send({ name });
    } catch (error) {
      process.send({ name, error: error.message });
      process.exitCode = 1;
      break;
    }
  }
  process.disconnect();
}
