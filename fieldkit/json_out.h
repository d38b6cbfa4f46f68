/*
 * json_out -- writing JSON: a stream into a buf; commas and escapes are its
 * business.
 *	json_open(&w, '{'); json_key(&w, "id"); json_put_text(&w, id);
 *	json_close(&w);
 * Any bytes may be put: what is not UTF-8 becomes U+FFFD.
 */
#ifndef FIELDKIT_JSON_OUT_H
#define FIELDKIT_JSON_OUT_H

#include "sync/base/buf.h"

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

/* Length of the well-formed UTF-8 character at i; 0 if there is none. */
size_t utf8_length(struct bytes, size_t i);

#endif
