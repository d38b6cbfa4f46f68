#include "fieldkit/json_out.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

size_t
utf8_length(struct bytes in, size_t i)
{
	for (size_t n = 1; n <= 4 && n <= in.len - i; n++)
		if (bytes_utf8((struct bytes){ in.at + i, n }))
			return n;
	return 0;
}

struct json_out
json_writer(struct buf *to)
{
	return (struct json_out){ .to = to };
}

/* The comma before a value or key; none between the lines at the top. */
static void
separate(struct json_out *w)
{
	uint64_t bit = UINT64_C(1) << w->depth;

	if (w->depth > 0 && (w->comma & bit) != 0)
		buf_add(w->to, ",", 1);
	w->comma |= bit;
}

void
json_open(struct json_out *w, char bracket)
{
	separate(w);
	assert(w->depth + 1 < sizeof w->close);
	w->depth++;
	w->close[w->depth] = bracket == '{' ? '}' : ']';
	w->comma &= ~(UINT64_C(1) << w->depth);
	buf_add(w->to, &bracket, 1);
}

void
json_close(struct json_out *w)
{
	assert(w->depth > 0);
	buf_add(w->to, &w->close[w->depth], 1);
	w->depth--;
}

static void
put_escape(struct buf *b, unsigned c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c == 0 ? NULL : strchr(from, (int)c);
	char text[8];
	int n;

	if (at != NULL)
		n = snprintf(text, sizeof text, "\\%c", to[at - from]);
	else
		n = snprintf(text, sizeof text, "\\u%04x", c);
	buf_add(b, text, (size_t)n);
}

/*
 * Length of the run from i that may stand as it is; an escaped or broken
 * character ends it.  The C1 controls are escaped like the others: some
 * terminals obey them.
 */
static size_t
plain_run(struct bytes s, size_t i)
{
	size_t from = i, n;

	while (i < s.len) {
		uint8_t c = s.at[i];

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
			break;
		n = c < 0x80 ? 1 : utf8_length(s, i);
		if (n == 0 || (c == 0xc2 && s.at[i + 1] < 0xa0))
			break;
		i += n;
	}
	return i - from;
}

static void
put_string(struct buf *b, struct bytes s)
{
	size_t i = 0, n;

	buf_add(b, "\"", 1);
	while (i < s.len) {
		n = plain_run(s, i);
		buf_add(b, s.at + i, n);
		if ((i += n) == s.len)
			break;
		if (s.at[i] < 0x80) {
			put_escape(b, s.at[i++]);
		} else if (utf8_length(s, i) != 0) {
			put_escape(b, s.at[i + 1]);
			i += 2;
		} else {
			buf_add(b, "\xef\xbf\xbd", 3);
			i++;
		}
	}
	buf_add(b, "\"", 1);
}

void
json_key_bytes(struct json_out *w, struct bytes key)
{
	separate(w);
	put_string(w->to, key);
	buf_add(w->to, ":", 1);
	/* Its value follows without a comma and leaves the bit set again. */
	w->comma &= ~(UINT64_C(1) << w->depth);
}

void
json_key(struct json_out *w, const char *key)
{
	json_key_bytes(w, bytes_of(key));
}

void
json_put_bytes(struct json_out *w, struct bytes s)
{
	separate(w);
	put_string(w->to, s);
}

void
json_put_text(struct json_out *w, const char *s)
{
	json_put_bytes(w, bytes_of(s));
}

void
json_put_int(struct json_out *w, int64_t n)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%lld", (long long)n);

	separate(w);
	buf_add(w->to, text, (size_t)len);
}

void
json_put_bool(struct json_out *w, bool b)
{
	separate(w);
	buf_add_bytes(w->to, bytes_of(b ? "true" : "false"));
}

void
json_put_null(struct json_out *w)
{
	separate(w);
	buf_add(w->to, "null", 4);
}
