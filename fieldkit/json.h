/*
 * json -- reading what people and scripts hand in.  (json_out writes.)
 *
 * The one door to jansson.  Input is UTF-8 without NUL, an object or a list at
 * the top, an object's keys may not repeat, and nothing nests deeper than
 * JSON_DEPTH_MAX.  Its length is for the caller to bound: a parsed text takes
 * up to about 60 bytes of memory for each of its own.
 */
#ifndef FIELDKIT_JSON_H
#define FIELDKIT_JSON_H

#include <stdint.h>

#include "fieldkit/json_out.h"
#include "sync/base/buf.h"
#include "sync/base/fault.h"

#define JSON_DEPTH_MAX 32

struct json;			/* a value; borrowed from its root */

/* FAULT_INVALID with line and column.  The caller frees the root. */
fault json_parse(struct json **, struct bytes) MUST_CHECK;
void json_free(struct json *);	/* a root, or NULL */

enum json_type {
	JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_TEXT, JSON_LIST,
	JSON_OBJECT
};
enum json_type json_type(const struct json *);
bool json_bool(const struct json *);		/* false if not a bool */
int64_t json_int(const struct json *);		/* 0 if not an int */
struct bytes json_text(const struct json *);	/* borrowed; empty if not text */
unsigned json_line(const struct json *);	/* where it begins, from 1 */
/* NULL if there is none or it is not an object / list. */
const struct json *json_get(const struct json *, const char *key);
const struct json *json_at(const struct json *, size_t);
size_t json_count(const struct json *);		/* of a list or object */
/* The i-th member of an object, in the order of the text. */
const struct json *json_member(const struct json *, size_t i,
    const char **key);

#endif
