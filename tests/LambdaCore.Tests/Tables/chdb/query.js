// Reads a JSON list of { table, sql } from standard input and writes a JSON list of { rows } or { error }.
// In the SQL, {table} stands for the Delta table in that absolute folder.
const { query } = require('chdb');

let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => { input += chunk; });
process.stdin.on('end', () => {
  const answers = JSON.parse(input).map(({ table, sql }) => {
    const literal = `'${table.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
    try {
      const settings = ' SETTINGS output_format_json_quote_64bit_integers = 1, output_format_json_quote_decimals = 1';
      const answer = query(sql.replaceAll('{table}', `deltaLakeLocal(${literal})`) + settings, 'JSONCompactStrings');
      return { rows: JSON.parse(answer).data };
    } catch (error) {
      return { error: String(error.message ?? error) };
    }
  });
  process.stdout.write(JSON.stringify(answers));
});
