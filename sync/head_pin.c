#include "sync/head_pin.h"

#include <stdlib.h>
#include <string.h>

#include "sync/invite_text.h"
#include "sync/note.h"
#include "sync/pins.h"

#define HEAD_PINS "refs/head-pins"

/* --- what we have seen -------------------------------------------------- */

/* A joiner's chain may still make room for another's: it binds nobody. */
static bool
worth_a_pin(const struct site *s, const char *ref)
{
	const struct member *m;
	struct id device;

	switch (ref_kind(ref, &device, NULL)) {
	case REF_ROSTER:
	case REF_MAIN:
		return true;
	case REF_DEVICE:
		m = roster_member(s->roster, &device);
		return m != NULL && m->admitted_at != 0;
	default:
		return false;
	}
}

static fault
add(struct invite_pin **at, size_t *n, struct site *s, const char *ref,
    const struct oid *oid)
{
	struct invite_pin *p;
	struct commit c;
	fault f = site_commit(&c, s, oid);

	if (f != NULL)
		return f;
	*at = mem_grow(*at, (*n + 1) * sizeof **at);
	p = &(*at)[(*n)++];
	*p = (struct invite_pin){ .seq = c.seq, .hash = c.hash };
	memcpy(p->ref, ref, strlen(ref) + 1);
	return NULL;
}

fault
head_pins_seen(struct invite_pin **out, size_t *nout, struct site *s)
{
	struct invite_pin *at = NULL;
	struct repo_ref *pins = NULL;
	char ref[REF_MAX];
	struct id hub;
	size_t n = 0, npins = 0;
	fault f = NULL;

	if (!id_zero(&s->roster->home))
		f = pin_list(&pins, &npins, s->repo);
	for (size_t i = 0; f == NULL && i < npins; i++)
		if (pin_parse(&hub, ref, pins[i].name) &&
		    id_eq(&hub, &s->roster->home) && worth_a_pin(s, ref))
			f = add(&at, &n, s, ref, &pins[i].oid);
	if (f == NULL) {
		*out = at;
		*nout = n;
		at = NULL;
	}
	free(at);
	free(pins);
	return f;
}

/* --- what our inviter has seen ------------------------------------------ */

fault
head_pins_read(struct head_pins *out, struct repo *repo)
{
	struct head_pins p = { .n = 0 };
	struct buf note = BUF_EMPTY;
	struct reader r;
	fault f = note_read(&note, repo, HEAD_PINS);

	r = reader_of(buf_view(&note));
	if (f == NULL && note.len > 0) {
		get_copy(&r, p.hub.b, WIRE_ID_LEN);
		get_copy(&r, p.by.b, WIRE_ID_LEN);
		invite_get_pins(&r, &p.at, &p.n);
		if (!reader_whole(&r))
			head_pins_free(&p);	/* as if it were not there */
	}
	if (f == NULL)
		*out = p;
	buf_free(&note);
	return f;
}

fault
head_pins_write(const struct head_pins *p, struct repo *repo)
{
	struct buf note = BUF_EMPTY;
	fault f;

	if (p->n > 0) {
		buf_add(&note, p->hub.b, WIRE_ID_LEN);
		buf_add(&note, p->by.b, WIRE_ID_LEN);
		invite_put_pins(&note, p->at, p->n);
	}
	f = note_write(repo, HEAD_PINS, buf_view(&note));
	buf_free(&note);
	return f;
}

void
head_pins_free(struct head_pins *p)
{
	free(p->at);
	*p = (struct head_pins){ .n = 0 };
}

const struct invite_pin *
head_pin(const struct head_pins *p, const char *ref)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->at[i].ref, ref) == 0)
			return &p->at[i];
	return NULL;
}

void
head_pins_drop(struct head_pins *p, size_t i)
{
	memmove(&p->at[i], &p->at[i + 1], (--p->n - i) * sizeof *p->at);
}
