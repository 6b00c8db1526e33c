// The actions of Backstage's scaffolder for ServiceNow's Table API, on a client generated from its OpenAPI description.
import assert from 'node:assert/strict';
import { load, password, steps, stored, url, username } from './task.mjs';

const actions = new Map();
const settings = { 'servicenow.baseUrl': url, 'servicenow.username': username, 'servicenow.password': password };

// As Backstage's backend does when it starts, with the two parts that the module asks for.
const { default: module } = load('@backstage-community/plugin-scaffolder-backend-module-servicenow');
for (const registration of module.getRegistrations()) {
  await registration.init.func({
    scaffolder: { addActions: (...added) => added.forEach((action) => actions.set(action.id, action)) },
    config: { getString: (key) => settings[key] },
  });
}

async function act(name, input) {
  let result;
  await actions.get(`servicenow:now:table:${name}`).handler({
    input: { tableName: 'incident', ...input },
    output: (key, value) => { if (key === 'result') result = value; },
  });
  return result;
}

const title = 'Foreign client Backstage';
const ids = [];
await steps([
  ['create three incidents', async () => {
    for (const part of ['a', 'b', 'c']) {
      const row = await act('createRecord', { requestBody: { short_description: `${title} ${part}`, urgency: '2' } });
      ids.push(row.sys_id);
    }
    assert.equal((await stored('incident', `short_descriptionSTARTSWITH${title}`)).length, 3);
  }],
  ['read one with display values and values', async () => {
    const row = await act('retrieveRecord', {
      sysId: ids[0],
      sysparmDisplayValue: 'all',
      sysparmFields: ['sys_id', 'urgency'],
    });
    assert.equal(row.sys_id.value, ids[0]);
    assert.deepEqual(row.urgency, { display_value: '2 - Medium', value: '2' });
  }],
  ['query in two pages', async () => {
    const page = (rest) => act('retrieveRecords', {
      sysparmQuery: `short_descriptionSTARTSWITH${title}${rest}^ORDERBYnumber`,
      sysparmLimit: 2,
      sysparmFields: ['sys_id', 'number'],
    });
    const first = await page('');
    const second = await page(`^number>${first.at(-1).number}`); // the action has no offset
    assert.deepEqual([...first, ...second].map((row) => row.sys_id), ids);
  }],
  ['modify (PUT)', async () => {
    await act('modifyRecord', { sysId: ids[0], requestBody: { urgency: '1' } });
    const [row] = await stored('incident', `sys_id=${ids[0]}`);
    assert.deepEqual([row.urgency, row.short_description], ['1', `${title} a`]);
  }],
  ['update (PATCH)', async () => {
    await act('updateRecord', { sysId: ids[1], requestBody: { impact: '1' } });
    const [row] = await stored('incident', `sys_id=${ids[1]}`);
    assert.deepEqual([row.impact, row.urgency], ['1', '2']);
  }],
  ['delete', async () => {
    for (const id of ids) await act('deleteRecord', { sysId: id });
    assert.deepEqual(await stored('incident', `short_descriptionSTARTSWITH${title}`), []);
  }],
  ['read a deleted one: refused', async () => {
    await assert.rejects(act('retrieveRecord', { sysId: ids[0] }), { message: 'No Record found' });
  }],
]);
