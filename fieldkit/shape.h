/*
 * shape -- what an object in a JSON file must look like, key by key, and
 * taking checked texts out of it.
 *
 * Every function that finds a mistake notes its line in the reading, so that
 * the one who began it can put the line in front of the whole sentence.
 */
#ifndef FIELDKIT_SHAPE_H
#define FIELDKIT_SHAPE_H

#include "fieldkit/json.h"

struct reading {
	unsigned	line;		/* of the first mistake */
};

/* A key that an object may have, and what must stand behind it. */
struct rule {
	const char	*key;		/* NULL ends a list of rules */
	bool		must;
	unsigned	types;		/* bits of enum json_type */
	const char	*is;		/* "a text" */
};

#define SHAPE_TEXT 1u << JSON_TEXT, "a text"
#define SHAPE_INT 1u << JSON_INT, "a whole number"
#define SHAPE_BOOL 1u << JSON_BOOL, "true or false"
#define SHAPE_LIST 1u << JSON_LIST, "a list"
#define SHAPE_OBJECT 1u << JSON_OBJECT, "an object"
#define SHAPE_NAMED 1u << JSON_LIST | 1u << JSON_TEXT, \
	"a list or the name of one"
#define SHAPE_END { NULL, false, 0, NULL }

/* f, noting that it is about j. */
fault shape_at(struct reading *, const struct json *j, fault f) MUST_CHECK;

/* After this, every key is known, of its type, and there if it must be. */
fault shape_check(struct reading *, const struct json *,
    const struct rule *) MUST_CHECK;
/* 1 to max entries of a list or object? */
fault shape_count(struct reading *, const struct json *, size_t max)
    MUST_CHECK;

/* One line of 1 to max characters.  *out stays NULL without the key. */
fault shape_text(struct reading *, char **out, const struct json *from,
    const char *key, size_t max) MUST_CHECK;
/* 1 to max characters of printable ASCII, no blank, comma, quote or \. */
fault shape_code(struct reading *, char **out, const struct json *from,
    const char *key, size_t max) MUST_CHECK;
/* A name: a-z, then a-z 0-9 _, at most WIRE_NAME_MAX. */
fault shape_name(struct reading *, char **out, const struct json *from,
    const char *key) MUST_CHECK;
fault shape_name_check(struct reading *, const struct json *at,
    struct bytes name) MUST_CHECK;
bool name_ok(struct bytes);

#endif
