#include "fieldkit/shape.h"

#include <string.h>

#include "schema/wire.h"
#include "sync/base/lang.h"

fault
shape_at(struct reading *r, const struct json *j, fault f)
{
	r->line = json_line(j);
	return f;
}

static const struct rule *
rule_of(const struct rule *rules, const char *key)
{
	for (; rules->key != NULL; rules++)
		if (strcmp(rules->key, key) == 0)
			return rules;
	return NULL;
}

fault
shape_check(struct reading *r, const struct json *j, const struct rule *rules)
{
	const struct json *member;
	const struct rule *rule;
	const char *key;

	if (json_type(j) != JSON_OBJECT)
		return shape_at(r, j, fault_new(FAULT_INVALID,
		    "this must be an object"));
	for (size_t i = 0; (member = json_member(j, i, &key)) != NULL; i++) {
		if ((rule = rule_of(rules, key)) == NULL)
			return shape_at(r, member, fault_new(FAULT_INVALID,
			    "a key that has no meaning here: %.64s", key));
		if ((rule->types & 1u << json_type(member)) == 0)
			return shape_at(r, member, fault_new(FAULT_INVALID,
			    "%s: must be %s", key, say(rule->is)));
	}
	for (rule = rules; rule->key != NULL; rule++)
		if (rule->must && json_get(j, rule->key) == NULL)
			return shape_at(r, j, fault_new(FAULT_INVALID,
			    "%s: is missing", rule->key));
	return NULL;
}

fault
shape_count(struct reading *r, const struct json *list, size_t max)
{
	size_t n = json_count(list);

	if (n < 1 || n > max)
		return shape_at(r, list, fault_new(FAULT_INVALID,
		    "this must have 1 to %zu entries, it has %zu", max, n));
	return NULL;
}

/* One line: labels go to terminals. */
static bool
printable(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < 0x20 || s.at[i] == 0x7f)
			return false;
	return true;
}

fault
shape_text(struct reading *r, char **out, const struct json *from,
    const char *key, size_t max)
{
	const struct json *j = json_get(from, key);
	struct bytes s;
	size_t n = 0;

	if (j == NULL)
		return NULL;
	s = json_text(j);
	for (size_t i = 0; i < s.len; i++)
		n += (s.at[i] & 0xc0) != 0x80;
	if (n < 1 || n > max || !printable(s))
		return shape_at(r, j, fault_new(FAULT_INVALID,
		    "%s: must be one line of 1 to %zu characters", key, max));
	*out = bytes_dup(s);
	return NULL;
}

bool
name_ok(struct bytes s)
{
	if (s.len < 1 || s.len > WIRE_NAME_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.at[i];

		if (!(c >= 'a' && c <= 'z') && (i == 0 ||
		    (!(c >= '0' && c <= '9') && c != '_')))
			return false;
	}
	return true;
}

fault
shape_name_check(struct reading *r, const struct json *j, struct bytes name)
{
	if (name_ok(name))
		return NULL;
	return shape_at(r, j, fault_new(FAULT_INVALID, "a name must be 1 to %u"
	    " characters of a-z, 0-9 and _, and begin with a letter",
	    WIRE_NAME_MAX));
}

fault
shape_name(struct reading *r, char **out, const struct json *from,
    const char *key)
{
	const struct json *j = json_get(from, key);
	fault f;

	if ((f = shape_name_check(r, j, json_text(j))) == NULL)
		*out = bytes_dup(json_text(j));
	return f;
}

fault
shape_code(struct reading *r, char **out, const struct json *from,
    const char *key, size_t max)
{
	const struct json *j = json_get(from, key);
	struct bytes s = json_text(j);
	bool ok = s.len >= 1 && s.len <= max;

	for (size_t i = 0; i < s.len; i++)
		ok = ok && s.at[i] > ' ' && s.at[i] < 0x7f &&
		    strchr(",\"\\", s.at[i]) == NULL;
	if (!ok)
		return shape_at(r, j, fault_new(FAULT_INVALID,
		    "%s: must be 1 to %zu plain characters without blanks,"
		    " commas or quotes", key, max));
	*out = bytes_dup(s);
	return NULL;
}
