// ServiceNow's own command line. Its `query` only reads, so the rows come from the admin endpoint.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { folder, insert, password, steps, url, username } from './task.mjs';

const command = join(folder, 'node_modules', '@servicenow', 'sdk', 'bin', 'index.js');

async function query(login, table, encoded, ...options) {
  const args = [command, 'query', table, '--query', encoded, '--output', 'json', ...options];
  const env = { ...process.env, SN_SDK_INSTANCE_URL: url, ...login };
  const out = await new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env }, (_, stdout) => resolve(stdout)); // a refusal is JSON too
  });
  return JSON.parse(out);
}

const title = 'Foreign client SDK';
const incidents = `short_descriptionSTARTSWITH${title}^ORDERBYshort_description`;
const bearer = {};
const ids = [];
for (const part of ['a', 'b', 'c']) {
  ids.push(await insert('incident', { short_description: `${title} ${part}`, urgency: '2' }));
}
await steps([
  ['log in with a password', async () => {
    const login = { SN_SDK_NODE_ENV: 'SN_SDK_CI_INSTALL', SN_SDK_USER: username, SN_SDK_USER_PWD: password };
    const answer = await query(login, 'incident', incidents);
    assert.ok(answer.ok, answer.error?.message);
    assert.equal(answer.records.length, ids.length);
  }],
  ['log in with a wrong password: refused', async () => {
    const login = { SN_SDK_NODE_ENV: 'SN_SDK_CI_INSTALL', SN_SDK_USER: username, SN_SDK_USER_PWD: 'wrong' };
    const answer = await query(login, 'incident', incidents);
    assert.equal(answer.ok, false);
  }],
  ['log in with an OAuth token', async () => {
    const secret = randomUUID();
    const client = randomUUID().replaceAll('-', '');
    await insert('oauth_entity', { name: title, type: 'client', client_id: client, client_secret: secret });
    const response = await fetch(`${url}/oauth_token.do`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password', client_id: client, client_secret: secret, username, password,
      }),
    });
    assert.equal(response.status, 200);
    bearer.SN_SDK_SESSION_BEARER_TOKEN = (await response.json()).access_token;
  }],
  ['query in two pages, with display values', async () => {
    const page = ['--fields', 'sys_id,urgency', '--display-value', 'all', '--limit', '2'];
    const first = await query(bearer, 'incident', incidents, ...page);
    assert.deepEqual([first.ok, first.hasMore, first.nextOffset], [true, true, 2]);
    const second = await query(bearer, 'incident', incidents, ...page, '--offset', '2');
    assert.deepEqual([second.ok, second.hasMore], [true, false]);
    const rows = [...first.records, ...second.records];
    assert.deepEqual(rows.map((row) => row.sys_id.value), ids);
    assert.deepEqual(rows[0].urgency, { display_value: '2 - Medium', value: '2' });
  }],
  ['query a table that is not there: refused', async () => {
    const answer = await query(bearer, 'no_such_table', 'active=true');
    assert.equal(answer.ok, false);
    assert.match(answer.error.message, /400 Bad Request.*Invalid table no_such_table/);
  }],
  ['query with a token that was never issued: refused', async () => {
    const answer = await query({ SN_SDK_SESSION_BEARER_TOKEN: 'never-issued' }, 'incident', incidents);
    assert.equal(answer.ok, false);
    assert.match(answer.error.message, /401/);
  }],
]);
