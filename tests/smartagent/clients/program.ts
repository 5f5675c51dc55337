// What a program does with a client whose types openapi-typescript makes of the OpenAPI document.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

declare const process: { argv: string[] };
const [baseUrl, token] = process.argv.slice(2);
const querySerializer = { array: { style: "form", explode: false } } as const; // fields=id,rule_name
const client = createClient<paths>({ baseUrl, querySerializer, headers: { Authorization: `Bearer ${token}` } });

const made = await client.POST("/api/rules/", {
  body: { rule_name: "From TypeScript", metric_type: "cpu", condition_operator: ">", threshold_value: 90, action_type: "log" },
});
const id = made.data!.id;
const tag = made.response.headers.get("ETag")!;
const params = { path: { id }, header: { "If-Match": tag } };
const changed = await client.PATCH("/api/rules/{id}/", { params, body: { threshold_value: 95 } });
const late = await client.PATCH("/api/rules/{id}/", { params, body: { threshold_value: 96 } });
const pushed = await client.POST("/api/samples/", { body: [{ metric: "cpu", value: 97, target: "web-1" }] });
const wrong = await client.POST("/api/rules/", {
  body: { rule_name: "", metric_type: "cpu", condition_operator: ">", threshold_value: 90, action_type: "log" },
});
const rules = await client.GET("/api/rules/", { params: { query: { fields: ["id", "rule_name"], count: "exact" } } });
console.log(JSON.stringify({
  threshold: changed.data!.threshold_value,
  late: late.response.status,
  accepted: pushed.data!.accepted,
  wrong: wrong.error,
  names: rules.data!.results.map((rule) => rule.rule_name),
  count: rules.data!.count,
}));
