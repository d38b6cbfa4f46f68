#include "fieldkit/demo_notes.h"

#include <string.h>

#include "fieldkit/json.h"
#include "schema/embedded.h"

static void
copy_member(struct json_out *w, const struct json *from, const char *key,
    const char *as)
{
	const struct json *v = json_get(from, key);

	if (v == NULL)
		return;
	json_key(w, as);
	if (json_type(v) != JSON_LIST) {
		json_put_bytes(w, json_text(v));
		return;
	}
	json_open(w, '[');
	for (size_t i = 0; i < json_count(v); i++)
		json_put_bytes(w, json_text(json_at(v, i)));
	json_close(w);
}

/* The sample's words for things, in the pack's words. */
static const char *const members[][2] = {
	{ "date", "date" }, { "neighbourhood", "place" },
	{ "narrative", "narrative" }, { "themes", "themes" },
	{ "groups", "groups" }, { "sources", "sources" },
	{ "youth_refs", "about" }, { "lang", "lang" },
	{ "consent", "consent" }
};

/* Append the note to lines if it is of this worker and type. */
static fault
take_note(struct buf *lines, struct bytes line, const char *worker,
    const char *type)
{
	struct json_out w = json_writer(lines);
	struct json *j = NULL;
	fault f = json_parse(&j, line);

	if (f == NULL && bytes_is(json_text(json_get(j, "worker")), worker) &&
	    bytes_is(json_text(json_get(j, "kind")), type)) {
		json_open(&w, '{');
		for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
			copy_member(&w, j, members[i][0], members[i][1]);
		json_close(&w);
		buf_text(lines, "\n");
	}
	json_free(j);
	return f;
}

fault
demo_notes(struct buf *lines, const char *worker, const char *type)
{
	const struct embedded_file *e = embedded_find("demo/notes.jsonl");
	fault f = NULL;

	for (size_t at = 0, n; f == NULL && at < e->len; at += n + 1) {
		const uint8_t *nl = memchr(e->at + at, '\n', e->len - at);

		n = nl == NULL ? e->len - at : (size_t)(nl - e->at) - at;
		if (n > 0)
			f = take_note(lines, (struct bytes){ e->at + at, n },
			    worker, type);
	}
	return f;
}
