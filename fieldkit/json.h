/*
 * json -- reading what people and scripts hand in, writing what they get.
 * The one door to jansson.  Input is bounded, UTF-8, without NUL, and an
 * object's keys may not repeat.
 */
#ifndef FIELDKIT_JSON_H
#define FIELDKIT_JSON_H

#include <stdint.h>

#include "sync/base/buf.h"
#include "sync/base/fault.h"

struct json;			/* a value; borrowed from its root */

/* FAULT_INVALID with line and column.  The caller frees the root. */
fault json_parse(struct json **, struct bytes) MUST_CHECK;
void json_free(struct json *);

enum json_type {
	JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_TEXT, JSON_LIST,
	JSON_OBJECT
};
enum json_type json_type(const struct json *);
bool json_bool(const struct json *);
int64_t json_int(const struct json *);
struct bytes json_text(const struct json *);	/* borrowed; empty if not text */
/* NULL if there is none or it is not an object / list. */
const struct json *json_get(const struct json *, const char *key);
const struct json *json_at(const struct json *, size_t);
size_t json_count(const struct json *);		/* of a list or object */
/* The i-th member of an object, in the order of the text. */
const struct json *json_member(const struct json *, size_t i,
    const char **key);

/*
 * Writing: a stream into a buf; commas and escapes are its business.
 *	json_open(&w, '{'); json_key(&w, "id"); json_put_text(&w, id);
 *	json_close(&w);
 */
struct json_out {
	struct buf	*to;
	uint64_t	comma;		/* one bit a level */
	char		close[64];
	unsigned	depth;
};
struct json_out json_writer(struct buf *to);
void json_open(struct json_out *, char bracket);	/* '{' or '[' */
void json_close(struct json_out *);
void json_key(struct json_out *, const char *);
void json_key_bytes(struct json_out *, struct bytes);
void json_put_text(struct json_out *, const char *);
void json_put_bytes(struct json_out *, struct bytes);
void json_put_int(struct json_out *, int64_t);
void json_put_bool(struct json_out *, bool);
void json_put_null(struct json_out *);

#endif
