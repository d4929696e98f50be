import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from './failure.ts';
import { otlpMetricSettings, otlpSettings } from './otlp-words.ts';

const BASE = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/' };

test('nothing is exported unless somebody says where', () => {
  assert.equal(otlpSettings({}, {}), undefined);
  assert.equal(otlpSettings({}, { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), undefined);
});

test('an endpoint gets the path of traces, an endpoint for traces is taken as it is, and our flag goes before both', () => {
  const traces = { ...BASE, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collect.example/ingest' };
  assert.deepEqual(otlpSettings({}, BASE), {
    url: 'http://127.0.0.1:4318/v1/traces',
    ...{ encoding: 'protobuf', names: 'otel', headers: {}, timeoutMs: 10_000, isCompressed: true },
  });
  assert.equal(otlpSettings({}, traces)?.url, 'https://collect.example/ingest');
  assert.equal(otlpSettings({ otlp: 'http://[::1]:9/base' }, traces)?.url, 'http://[::1]:9/base/v1/traces');
});

test('the variables of the specification are followed, those for traces first', () => {
  const env = {
    ...BASE,
    ...{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
    ...{ OTEL_EXPORTER_OTLP_HEADERS: 'Api-Key=a%20b%2Cc, x-team = shop', OTEL_EXPORTER_OTLP_TIMEOUT: '2500' },
    OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
  };
  const { encoding, headers, timeoutMs, isCompressed } = otlpSettings({}, env)!;
  assert.deepEqual([encoding, timeoutMs, isCompressed], ['json', 2_500, false]);
  assert.deepEqual(headers, { 'api-key': 'a b,c', 'x-team': 'shop' });
  assert.equal(otlpSettings({ otlpProtocol: 'http/protobuf', otlpNames: 'airspace' }, env)?.encoding, 'protobuf');
  assert.equal(otlpSettings({ otlpNames: 'airspace' }, env)?.names, 'airspace');
});

test('a word that cannot be followed is named, and a credential is not repeated', () => {
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, /OTEL_EXPORTER_OTLP_ENDPOINT/],
    [{ ...BASE, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /OTEL_EXPORTER_OTLP_PROTOCOL must be http\/protobuf/],
    [{ ...BASE, OTEL_EXPORTER_OTLP_PROTOCOL: 'toString' }, /must be http\/protobuf/],
    [{ ...BASE, OTEL_EXPORTER_OTLP_TIMEOUT: '10s' }, /OTEL_EXPORTER_OTLP_TIMEOUT/],
    [{ ...BASE, OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'zstd' }, /TRACES_COMPRESSION must be gzip or none/],
    ...['key', '=secret', 'key=%zz', 'key=a%0Ab', 'content-type=secret', 'k y=secret'].map(
      (headers) => [{ ...BASE, OTEL_EXPORTER_OTLP_HEADERS: headers }, /OTEL_EXPORTER_OTLP_HEADERS/] as const,
    ),
  ];
  for (const [env, why] of cases)
    assert.throws(
      () => otlpSettings({}, env),
      (thrown) => thrown instanceof Failure && why.test(thrown.message) && !thrown.message.includes('secret'),
      JSON.stringify(env),
    );
  assert.throws(() => otlpSettings({ otlp: 'nowhere' }, {}), /--otlp `nowhere`/);
  assert.throws(() => otlpSettings({ otlp: 'http://x', otlpProtocol: 'grpc' }, {}), /--otlp-protocol must be/);
});

test('metrics go where traces go unless somebody says otherwise, and each can be alone', () => {
  assert.deepEqual(otlpMetricSettings({}, BASE), {
    ...{ url: 'http://127.0.0.1:4318/v1/metrics', encoding: 'protobuf', headers: {}, timeoutMs: 10_000 },
    ...{ isCompressed: true, intervalMs: 60_000, pushMs: 30_000 },
  });
  assert.equal(otlpMetricSettings({ otlp: 'http://c.example' }, {})?.url, 'http://c.example/v1/metrics');
  const metrics = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m.example/push' };
  assert.deepEqual([otlpSettings({}, metrics), otlpMetricSettings({}, metrics)?.url], [undefined, metrics[KEY]]);
  assert.equal(otlpMetricSettings({}, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t.example/' }), undefined);
  for (const [exporter, isWanted] of [
    ['none', false],
    ['prometheus', false],
    ['otlp, prometheus', true],
  ] as const)
    assert.equal(
      otlpMetricSettings({}, { ...BASE, OTEL_METRICS_EXPORTER: exporter }) !== undefined,
      isWanted,
      exporter,
    );
  assert.equal(otlpSettings({}, { ...BASE, OTEL_TRACES_EXPORTER: 'none' }), undefined);
});

const KEY = 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT';

test('the variables of the specification for metrics are followed, and what cannot be is named', () => {
  const env = {
    ...BASE,
    ...{ OTEL_METRIC_EXPORT_INTERVAL: '5000', OTEL_METRIC_EXPORT_TIMEOUT: '2000' },
    ...{ OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'a=b' },
    ...{ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'Cumulative' },
  };
  const { intervalMs, pushMs, encoding, headers } = otlpMetricSettings({}, env)!;
  assert.deepEqual([intervalMs, pushMs, encoding, headers], [5_000, 2_000, 'json', { a: 'b' }]);
  assert.equal(otlpSettings({}, env)?.encoding, 'protobuf');
  const cases: readonly (readonly [string, string])[] = [
    ['OTEL_METRIC_EXPORT_INTERVAL', '1m'],
    ['OTEL_METRIC_EXPORT_TIMEOUT', '0'],
    ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'delta'],
    ['OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION', 'base2_exponential_bucket_histogram'],
    ['OTEL_METRICS_EXPORTER', 'console'],
    [KEY, 'collector:4317'],
  ];
  for (const [name, value] of cases)
    assert.throws(
      () => otlpMetricSettings({}, { ...BASE, [name]: value }),
      (thrown) => thrown instanceof Failure && thrown.message.includes(name),
      name,
    );
});
