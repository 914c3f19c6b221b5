import { describe, expect, it } from 'vitest';
import { createEnvironment } from './environment.ts';
import { compileProgram } from './program.ts';
import { Provenance } from './value.ts';

function evaluate(expression: string): unknown {
  return compileProgram(createEnvironment(new Provenance()), expression, new Map()).run({});
}

describe('CEL in Kubernetes', () => {
  it.each([
    '[1, 2, 3].sum() == 6 && [3, 1].min() == 1 && ["b", "a"].max() == "b"',
    '![3, 1].isSorted() && [1, 2, 2].isSorted()',
    '[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(5) == -1',
    '[1, 1, 2].distinct() == [1, 2] && [2, 1].sort() == [1, 2] && [1, 2, 3].slice(1, 3) == [2, 3]',
    '[[1], [2, 3]].flatten() == [1, 2, 3]',
    'sets.contains([1, 2], [2]) && sets.equivalent([1, 2, 2], [2, 1]) && !sets.intersects([1], [2])',
    '"a1b22".find("[0-9]+") == "1" && "a1b22".findAll("[0-9]+") == ["1", "22"] && "a1b22".findAll("[0-9]+", 1) == ["1"]',
    '"ABC".matches("(?i)^abc$") && !"a\\n".matches("^a$")',
    '"héé😀".size() == 4 && "héé😀".charAt(3) == "😀" && "héé😀".substring(1, 3) == "éé" && "héé😀".indexOf("😀") == 3',
    '"a,b,c".split(",", 2) == ["a", "b,c"] && "abc".split("") == ["a", "b", "c"]',
    '"aaa".replace("a", "b", 2) == "bba" && "ab".replace("", "-") == "-a-b-"',
    '"ÄbC".lowerAscii() == "Äbc" && " x ".trim() == "x"',
    '"%s %d %.1f %x %s".format(["a", 5, 1.25, 255, ["x"]]).startsWith("a 5 1.")',
    'quantity("1Gi") == quantity("1024Mi") && quantity("1500m").asApproximateFloat() == 1.5 && quantity("2k").asInteger() == 2000',
    'quantity("1").add(2).isGreaterThan(quantity("2.5")) && !isQuantity("1Q") && sign(quantity("-1")) == -1',
    'ip("10.0.0.1").family() == 4 && string(ip("2001:DB8:0:0::1")) == "2001:db8::1" && !isIP("01.2.3.4")',
    'cidr("10.1.0.0/8").containsIP("10.9.9.9") && cidr("10.1.0.0/8").masked().ip() == ip("10.0.0.0") && !isCIDR("10.0.0.0/33")',
    'ip("127.0.0.1").isLoopback() && ip("fe80::1").isLinkLocalUnicast() && ip("8.8.8.8").isGlobalUnicast()',
    'url("https://a.b:80/c%20d?x=1&x=2").getHost() == "a.b:80" && url("https://a.b?x=1&x=2").getQuery()["x"] == ["1", "2"]',
    '!format.dns1123Label().validate("a-b").hasValue() && format.named("dns1123Label").value().validate("A").hasValue()',
    'optional.of(1).optMap(x, x + 1).orValue(0) == 2 && optional.none().orValue(5) == 5',
    'optional.of([1]).optFlatMap(x, x[?0]).orValue(0) == 1',
    '[5, 6].all(i, v, v == 5 + i) && {"a": 1}.exists(k, v, k == "a" && v == 1)',
    '[5, 6].transformList(i, v, v * i) == [0, 6] && {"a": 1}.transformMap(k, v, v + 1) == {"a": 2}',
    'int("12") == 12 && int(5u) == 5 && string(duration("90m")) == "5400s"',
    'b"a" < b"b" && duration("1h") > duration("59m")',
  ])('%s', (expression) => {
    expect(evaluate(expression)).toBe(true);
  });

  it.each([
    ['1 / 0 == 1', 'division by zero'],
    ['[1][5] == 1', 'index out of bounds: 5'],
    ['{"a": 1}["b"] == 1', 'no such key: b'],
    ['int("x") == 1', "type conversion error from 'string' to 'int'"],
    ['9223372036854775807 + 1 == 0', 'integer overflow'],
    ['int(1e300) == 1', 'integer overflow'],
    ['"abc".substring(2, 1) == ""', 'invalid substring range. start: 2, end: 1'],
    ['optional.none().value() == 1', 'optional.none() dereference'],
  ])('%s fails with the server’s words', (expression, message) => {
    expect(() => evaluate(expression)).toThrow(message);
  });

  it.each([
    ['x == 1', "1:1: undeclared reference to 'x' (in container '')"],
    ['foo(1)', "1:4: undeclared reference to 'foo' (in container '')"],
    ['"a" + 1 == "a1"', "1:5: found no matching overload for '_+_' applied to '(string, int)'"],
    ['!"a"', "1:1: found no matching overload for '!_' applied to '(string)'"],
    ['["a"].sum() == 1', "1:10: found no matching overload for 'sum' applied to 'list(string).()'"],
    ['[1, "a"] == []', "1:5: expected type 'int' but found 'string'"],
    ['true ? 1 : "a"', "1:6: found no matching overload for '_?_:_' applied to '(bool, int, string)'"],
    ['"a".matches("[")', '1:13: invalid matches argument'],
    ['duration("soon") > duration("1s")', '1:10: invalid duration argument'],
    ['1 +', '1:4: Syntax error: mismatched input'],
  ])('%s does not compile', (expression, message) => {
    expect(() => evaluate(expression)).toThrow(`ERROR: <input>:${message}`);
  });
});
