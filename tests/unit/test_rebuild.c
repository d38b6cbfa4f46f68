/*
 * The rebuild oracle: whatever a session did, what is rebuilt from its
 * changes is what stood there, row by row and to the byte of the dump.
 */
#include "tests/unit/store_kit.h"

#include "fieldkit/doctor.h"

#ifndef SANITIZED
#define SANITIZED 0
#endif
#define SESSIONS (SANITIZED ? 100 : 1000)
#define DEVICES 4		/* 0 is the store's own */
#define RECORDS 4
#define CHANGES 24

static const char *const names[] = { "narrative", "place", FIELD_WITHDRAWN };
static const char *const texts[] = { "vuurwerk", "muziek op het plein", "1",
	"", "GM0308", "jongeren" };
static const char *const tags[] = { "lawaai", "afval", "drugs" };

struct session {
	uint64_t	x;			/* of the generator */
	struct id	device[DEVICES], record[RECORDS];
	uint64_t	n[DEVICES];
	struct dot	made[CHANGES];		/* dots by record */
	int		of[CHANGES];
	size_t		nmade;
	struct buf	remote[CHANGES];	/* from afar, encoded */
	size_t		nremote;
};

static uint32_t
draw(struct session *s, uint32_t below)
{
	s->x = s->x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(s->x >> 33) % below;
}

/* Some of the dots that the record has, whoever made them. */
static void
supersede(struct session *s, struct change_field *f, int record,
    const char *elem)
{
	for (size_t i = 0; i < s->nmade; i++)
		if (s->of[i] == record && draw(s, 2) == 0)
			change_add_sup(f, &s->made[i], elem == NULL ?
			    BYTES_EMPTY : bytes_of(elem));
}

static void
add_fields(struct session *s, struct change *c, int record)
{
	const char *tag = tags[draw(s, 3)];
	struct change_field *f;

	for (size_t i = 0; i < 3; i++) {
		if (draw(s, i == 2 ? 5 : 2) != 0)
			continue;
		f = change_add(c, bytes_of(names[i]),
		    i == 1 ? COMP_IDENTITY : COMP_TEAM, KIND_VALUE);
		change_add_value(f, bytes_of(texts[draw(s, 6)]));
		supersede(s, f, record, NULL);
	}
	if (c->nfields > 0 && draw(s, 2) == 0)
		return;
	f = change_add(c, bytes_of("themes"), COMP_TEAM, KIND_SET);
	change_add_value(f, bytes_of(tag));
	supersede(s, f, record, tags[draw(s, 3)]);
}

/* An index that is now and then not the record's. */
static struct change
invent(struct session *s, int device, int record)
{
	uint32_t index = 1 + (uint32_t)record;
	int creator = 1 + record % (DEVICES - 1);
	struct change c;

	if (device != 0 && draw(s, 20) == 0)
		index += 10;
	c = kit_change(&s->device[device], device == 0 ? 0 : ++s->n[device],
	    &s->record[record], &s->device[creator], index);
	c.clock += (uint64_t)draw(s, 1000) << 16;
	if (draw(s, 4) == 0)
		c.type = bytes_of("story");
	add_fields(s, &c, record);
	change_sort(&c);
	return c;
}

static void
put(struct kit *k, struct change *c)
{
	fault f = store_put(&k->st, c, NULL);

	if (f != NULL && f->code != FAULT_TRUST)
		fail_msg("%s", f->text);
}

/* Here an edit is made of what is known: with that record's index. */
static void
put_local(struct kit *k, struct change *c)
{
	struct record r;
	fault f = store_record(&k->st, &r, &c->record);

	if (f == NULL) {
		c->index = r.index;
		record_free(&r);
	}
	assert_ok(store_put(&k->st, c, NULL));
}

static void
deliver(struct session *s, struct kit *k)
{
	struct change c;
	size_t i = draw(s, (uint32_t)s->nremote);

	assert_ok(change_decode(&c, buf_view(&s->remote[i])));
	put(k, &c);
	change_free(&c);
}

/* A change is made, here or elsewhere; what is from elsewhere comes late, in
 * any order, more than once. */
static void
step(struct session *s, struct kit *k)
{
	int device = (int)draw(s, DEVICES), record = (int)draw(s, RECORDS);
	struct change c = invent(s, device, record);

	if (device == 0)
		put_local(k, &c);
	else
		change_encode(&s->remote[s->nremote++], &c);
	s->made[s->nmade] = c.dot;
	s->of[s->nmade++] = record;
	change_free(&c);
	while (s->nremote > 0 && draw(s, 3) != 0)
		deliver(s, k);
	if (draw(s, 8) == 0)
		assert_ok(search_update(&k->st));
}

static void
play(struct session *s, struct kit *k, uint64_t seed)
{
	*s = (struct session){ .x = seed * 0x9e3779b97f4a7c15u + 1 };
	s->device[0] = k->self;
	for (uint8_t i = 1; i < DEVICES; i++)
		s->device[i] = kit_id((uint8_t)(10 + i));
	for (uint8_t i = 0; i < RECORDS; i++)
		s->record[i] = kit_id((uint8_t)(60 - i));
	for (uint32_t i = 0, n = 4 + draw(s, CHANGES - 3); i < n; i++)
		step(s, k);
	for (size_t i = 0; i < s->nremote; i++)
		buf_free(&s->remote[i]);
}

static void
same_after_rebuild(struct kit *k)
{
	struct buf live = BUF_EMPTY, made = BUF_EMPTY;
	struct digest before, after;
	struct doctor d;

	assert_ok(search_update(&k->st));
	kit_rows(k, &live);
	assert_ok(store_digest(&k->st, &before));
	assert_ok(doctor_check(&d, &k->st));
	if (d.n > 0)
		fail_msg("%s", d.lines[0]);
	assert_ok(doctor_rebuild(&k->st));
	kit_rows(k, &made);
	assert_ok(store_digest(&k->st, &after));
	assert_string_equal(buf_cstr(&live), buf_cstr(&made));
	assert_memory_equal(&before, &after, sizeof before);
	buf_free(&live);
	buf_free(&made);
}

TEST(what_is_rebuilt_from_the_changes_is_what_stood_there)
{
	struct id self = kit_id(1);
	struct session s;
	struct store_counts n, sum = { 0 };
	struct kit k;

	kit_new(&k, &self);
	for (uint64_t seed = 0; seed < SESSIONS; seed++) {
		/* Each is rolled back, so that the next begins afresh. */
		assert_ok(db_begin(k.db));
		play(&s, &k, seed);
		same_after_rebuild(&k);
		assert_ok(store_count(&k.st, &n));
		sum.changes += n.changes;
		sum.conflicts += n.conflicts;
		sum.quarantined += n.quarantined;
		assert_fault(FAULT_INTERRUPT, db_end(k.db,
		    fault_new(FAULT_INTERRUPT, "the session is over")));
	}
	printf("# %d sessions: %llu changes, %llu conflicts, %llu in "
	    "quarantine\n", (int)SESSIONS, (unsigned long long)sum.changes,
	    (unsigned long long)sum.conflicts,
	    (unsigned long long)sum.quarantined);
	assert_true(sum.conflicts > SESSIONS / 2);
	assert_true(sum.quarantined > SESSIONS / 10);
	kit_free(&k);
}

int
main(void)
{
	return RUN(T(what_is_rebuilt_from_the_changes_is_what_stood_there));
}
