// A thin wrapper around axios with callbacks: it works with numbers and display values, and has no paging.
import assert from 'node:assert/strict';
import { load, password, steps, stored, url, username } from './task.mjs';

const ServiceNow = load('servicenow-rest-api');
const client = new ServiceNow(new URL(url).host, username, password);

// The client hands errors to the same callback as answers.
const call = (method, ...args) =>
  new Promise((resolve, reject) => {
    client[method](...args, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
  });

const title = 'Foreign client servicenow-rest-api';
let created;
await steps([
  ['create an incident with display values', async () => {
    created = await call('createNewTask', { short_description: title, urgency: '1 - High' }, 'incident');
    assert.match(created.number, /^INC\d+$/);
    const [row] = await stored('incident', `number=${created.number}`);
    assert.deepEqual([row.short_description, row.urgency], [title, '1']);
  }],
  ['query by encoded query, with chosen fields', async () => {
    const filters = [`short_description=${title}`, 'active=true'];
    const rows = await call('getTableData', ['number', 'urgency'], filters, 'incident');
    assert.deepEqual(rows, [{ number: created.number, urgency: '1 - High' }]);
  }],
  ['read a sample row', async () => {
    const rows = await call('getSampleData', 'incident');
    assert.equal(rows.length, 1);
  }],
  ['update by number (PUT)', async () => {
    const updated = await call('UpdateTask', 'incident', created.number, { urgency: '3 - Low' });
    assert.equal(updated.urgency, '3 - Low');
    const [row] = await stored('incident', `number=${created.number}`);
    assert.deepEqual([row.short_description, row.urgency], [title, '3']);
  }],
  ['delete by number', async () => {
    const answer = await call('DeleteTask', 'incident', created.number);
    assert.equal(answer.status, 204);
    assert.deepEqual(await stored('incident', `short_description=${title}`), []);
  }],
]);
