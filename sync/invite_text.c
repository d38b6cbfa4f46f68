#include "sync/invite_text.h"

#include <stdlib.h>
#include <string.h>

#include "sync/base/codec.h"
#include "sync/base/secret.h"

#define KEYS_MAX WIRE_INVITE_MAX
/* A signed commit is longer: so a number is bounded by what is there. */
#define ENTRY_LEAST 512u

static size_t
text_room(const struct invite *in, size_t keys)
{
	size_t n = 32 + 1024 + keys;

	for (size_t i = 0; i < in->nhubs; i++)
		n += strlen(in->hubs[i].name) + strlen(in->hubs[i].url) + 8;
	n += in->npins * (REF_MAX + 16 + WIRE_HASH_LEN);
	for (size_t i = 0; i < in->nroster; i++)
		n += in->roster[i].commit.len + in->roster[i].blob.len + 16;
	return n;
}

static void
put_text(struct buf *b, const char *s)
{
	put_counted(b, bytes_of(s));
}

static void
put_hubs(struct buf *b, const struct invite *in)
{
	put_uv(b, in->nhubs);
	for (size_t i = 0; i < in->nhubs; i++) {
		put_text(b, in->hubs[i].name);
		put_text(b, in->hubs[i].url);
	}
}

void
invite_put_pins(struct buf *b, const struct invite_pin *at, size_t n)
{
	put_uv(b, n);
	for (size_t i = 0; i < n; i++) {
		put_text(b, at[i].ref);
		put_uv(b, at[i].seq);
		buf_add(b, at[i].hash.b, WIRE_HASH_LEN);
	}
}

static void
put_roster(struct buf *b, const struct invite *in)
{
	put_uv(b, in->nroster);
	for (size_t i = 0; i < in->nroster; i++) {
		put_counted(b, buf_view(&in->roster[i].commit));
		put_counted(b, buf_view(&in->roster[i].blob));
	}
}

/* Room for all at once: a buffer that grows leaves copies behind. */
void
invite_put_text(struct buf *b, const struct invite *in)
{
	struct buf keys = BUF_EMPTY;

	keys_encode(&keys, in->keys);
	buf_room(b, text_room(in, keys.len));
	buf_add(b, in->once_seed, 32);
	put_text(b, in->name);
	put_text(b, in->title);
	put_hubs(b, in);
	invite_put_pins(b, in->pins, in->npins);
	put_roster(b, in);
	put_counted(b, buf_view(&keys));
	buf_wipe(&keys);
}

/* A line for a screen or a file name; NULL when spoilt. */
static char *
get_line(struct reader *r, size_t least, size_t max)
{
	struct bytes s = get_counted(r, max);

	if (s.len < least || !bytes_utf8(s))
		reader_spoil(r);
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < 0x20 || s.at[i] == 0x7f)
			reader_spoil(r);
	return reader_ok(r) ? bytes_dup(s) : NULL;
}

/* At least `each` bytes stand behind every member of a list. */
static size_t
get_count(struct reader *r, size_t max, size_t each)
{
	size_t n = get_uv(r, max);

	if (n > reader_left(r) / each)
		reader_spoil(r);
	return reader_ok(r) ? n : 0;
}

static void
get_hubs(struct reader *r, struct invite *in)
{
	size_t n = get_count(r, INVITE_HUBS_MAX, 4);

	in->hubs = mem_new(n * sizeof *in->hubs);
	for (; in->nhubs < n && reader_ok(r); in->nhubs++) {
		in->hubs[in->nhubs].name = get_line(r, 1, WIRE_NAME_MAX);
		in->hubs[in->nhubs].url = get_line(r, 1, INVITE_URL_MAX);
	}
}

static void
get_pin(struct reader *r, struct invite_pin *p)
{
	struct bytes ref = get_counted(r, REF_MAX - 1);

	if (ref.len > 0)
		memcpy(p->ref, ref.at, ref.len);
	p->seq = get_uv(r, WIRE_SEQ_MAX);
	get_copy(r, p->hash.b, WIRE_HASH_LEN);
	if (strlen(p->ref) != ref.len || p->seq == 0 ||
	    ref_kind(p->ref, NULL, NULL) == REF_OTHER)
		reader_spoil(r);
}

/* By ref, so none comes twice. */
void
invite_get_pins(struct reader *r, struct invite_pin **at, size_t *n)
{
	size_t count = get_count(r, WIRE_REFS_MAX, WIRE_HASH_LEN + 2);

	*at = mem_new(count * sizeof **at);
	for (*n = 0; *n < count && reader_ok(r); ++*n) {
		struct invite_pin *p = &(*at)[*n];

		get_pin(r, p);
		if (*n > 0 && strcmp(p[-1].ref, p->ref) >= 0)
			reader_spoil(r);
	}
}

static void
get_roster(struct reader *r, struct invite *in)
{
	size_t n = get_count(r, WIRE_INVITE_MAX, ENTRY_LEAST);

	in->roster = mem_new(n * sizeof *in->roster);
	for (; in->nroster < n && reader_ok(r); in->nroster++) {
		struct invite_entry *e = &in->roster[in->nroster];

		buf_add_bytes(&e->commit, get_counted(r, WIRE_COMMIT_MAX));
		buf_add_bytes(&e->blob, get_counted(r, WIRE_ROSTER_MAX));
	}
}

static fault
get_keys(struct reader *r, struct invite *in)
{
	struct reader keys = reader_of(get_counted(r, KEYS_MAX));
	fault f;

	if (!reader_ok(r))
		return NULL;
	if ((f = keys_decode(&in->keys, &keys)) == NULL &&
	    !reader_whole(&keys))
		reader_spoil(r);
	return f;
}

fault
invite_get_text(struct invite *in, struct bytes text)
{
	struct reader r = reader_of(text);
	fault f;

	in->once_seed = secret_new(32);
	get_copy(&r, in->once_seed, 32);
	in->name = get_line(&r, 1, ITEM_NAME_MAX);
	in->title = get_line(&r, 0, ITEM_TITLE_MAX);
	get_hubs(&r, in);
	invite_get_pins(&r, &in->pins, &in->npins);
	get_roster(&r, in);
	if ((f = get_keys(&r, in)) != NULL)
		return f;
	if (!reader_whole(&r))
		return fault_new(FAULT_FORMAT, "the inside of the invitation "
		    "is not whole; nothing was made; ask for a new one");
	return NULL;
}
