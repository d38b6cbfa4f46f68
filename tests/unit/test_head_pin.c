#include "tests/unit/scene.h"

#include "sync/head_pin.h"

/* Noor's pins of the home hub, as her invitation would hold them. */
static struct head_pins
handed_over(struct scene *s)
{
	struct head_pins p = { .hub = s->noor->site.roster->home,
	    .by = s->noor->site.self };

	assert_ok(head_pins_seen(&p.at, &p.n, &s->noor->site));
	return p;
}

/* Carla is invited; what Noor knows goes with it. */
static struct kit *
newcomer(struct scene *s)
{
	struct kit *carla = world_invite(&s->w);
	struct head_pins p = handed_over(s);

	assert_ok(head_pins_write(&p, carla->site.repo));
	head_pins_free(&p);
	return carla;
}

static size_t
waiting(struct kit *k)
{
	struct head_pins p = { .n = 0 };
	size_t n;

	assert_ok(head_pins_read(&p, k->site.repo));
	n = p.n;
	head_pins_free(&p);
	return n;
}

static size_t
count_of(const struct kit *k, enum finding_code code)
{
	size_t n = 0;

	for (size_t i = 0; i < k->findings.n; i++)
		n += k->findings.at[i].code == code;
	return n;
}

TEST(what_the_home_hub_holds_of_everyone_admitted_is_pinned)
{
	struct scene s;
	struct head_pins p;
	const struct invite_pin *at;
	struct commit c;
	struct oid oid;
	struct kit *carla;

	scene_start(&s);
	world_merge(&s.w);
	kit_sync(s.noor, s.w.hub);
	carla = world_invite(&s.w);
	kit_write(carla, 1);
	kit_sync(carla, s.w.hub);
	kit_sync(s.noor, s.w.hub);
	p = handed_over(&s);
	assert_int_equal(p.n, 4);	/* Amira, Bas, main, roster */
	for (size_t i = 0; i < p.n; i++) {
		assert_true(i == 0 || strcmp(p.at[i - 1].ref, p.at[i].ref) < 0);
		oid = hub_get(s.w.hub, p.at[i].ref);
		assert_ok(site_commit(&c, &s.noor->site, &oid));
		assert_int_equal(p.at[i].seq, c.seq);
		assert_memory_equal(p.at[i].hash.b, c.hash.b, 32);
	}
	at = head_pin(&p, kit_ref(s.amira));
	assert_non_null(at);
	assert_int_equal(at->seq, 2);
	assert_null(head_pin(&p, kit_ref(carla)));
	head_pins_free(&p);
	scene_end(&s);
}

TEST(what_only_this_device_or_another_hub_holds_is_not)
{
	struct scene s;
	struct head_pins p;
	char stick[128];

	scene_start(&s);
	world_hub(&s.w, stick, "stick");
	kit_sync(s.noor, stick);
	kit_write(s.bas, 1);
	kit_sync(s.bas, stick);
	kit_sync(s.noor, stick);	/* she has Bas's third from there */
	assert_int_equal(seq_of(s.noor, kit_ref(s.bas)), 3);
	kit_write(s.noor, 1);
	world_merge(&s.w);
	p = handed_over(&s);
	assert_int_equal(head_pin(&p, kit_ref(s.bas))->seq, 2);
	assert_null(head_pin(&p, kit_ref(s.noor)));
	assert_null(head_pin(&p, SITE_MAIN));
	head_pins_free(&p);
	scene_end(&s);
}

TEST(pins_are_kept_as_they_were_given_and_none_are_no_note)
{
	struct scene s;
	struct head_pins p, q;
	struct oid oid;

	scene_start(&s);
	p = handed_over(&s);
	assert_ok(head_pins_write(&p, s.bas->site.repo));
	assert_ok(head_pins_read(&q, s.bas->site.repo));
	assert_true(id_eq(&p.hub, &q.hub) && id_eq(&p.by, &q.by));
	assert_int_equal(p.n, q.n);
	for (size_t i = 0; i < p.n; i++) {
		assert_string_equal(p.at[i].ref, q.at[i].ref);
		assert_int_equal(p.at[i].seq, q.at[i].seq);
		assert_memory_equal(p.at[i].hash.b, q.at[i].hash.b, 32);
	}
	head_pins_free(&q);
	while (p.n > 0)
		head_pins_drop(&p, 0);
	assert_ok(head_pins_write(&p, s.bas->site.repo));
	assert_ok(ref_get(&oid, s.bas->site.repo, "refs/head-pins"));
	assert_true(oid_zero(&oid));
	head_pins_free(&p);
	scene_end(&s);
}

TEST(a_hub_that_has_lived_up_to_them_is_asked_no_more)
{
	struct scene s;
	struct kit *carla;

	scene_start(&s);
	world_merge(&s.w);
	kit_sync(s.noor, s.w.hub);
	carla = newcomer(&s);
	assert_int_equal(waiting(carla), 4);
	kit_sync(carla, s.w.hub);
	assert_int_equal(waiting(carla), 0);
	scene_end(&s);
}

/* Locked too: nothing of it needs a key. */
TEST(an_old_copy_is_told_from_the_new_by_one_who_has_never_been_there)
{
	struct scene s;
	struct hub_copy was, is;
	struct kit *carla;

	scene_start(&s);
	world_merge(&s.w);
	kit_sync(s.noor, s.w.hub);
	was = hub_refs(s.w.hub);
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	kit_sync(s.noor, s.w.hub);
	world_merge(&s.w);
	kit_sync(s.noor, s.w.hub);
	carla = newcomer(&s);
	is = hub_refs(s.w.hub);
	hub_restore(s.w.hub, &was);
	assert_ok(kit_try_as(carla, s.w.hub, NULL));
	assert_true(found(&carla->findings, FIND_WITHHELD, kit_ref(s.amira)));
	assert_true(found(&carla->findings, FIND_WITHHELD, SITE_MAIN));
	assert_true(found(&carla->findings, FIND_WITHHELD, SITE_ROSTER));
	assert_int_equal(carla->findings.n, 3);
	assert_int_equal(waiting(carla), 3);	/* Bas's was as it is */
	/* What it does show is taken, and what we hold given back. */
	assert_int_equal(seq_of(carla, kit_ref(s.amira)), 2);
	assert_int_equal(carla->healed, 1);
	/* The roster is there again; the others are named as before. */
	assert_ok(kit_try(carla, s.w.hub));
	assert_int_equal(count_of(carla, FIND_WITHHELD), 2);
	assert_int_equal(carla->findings.n, 2);
	assert_false(found(&carla->findings, FIND_WITHHELD, SITE_ROSTER));
	hub_restore(s.w.hub, &is);
	kit_sync(carla, s.w.hub);
	assert_int_equal(seq_of(carla, kit_ref(s.amira)), 3);
	assert_int_equal(seq_of(carla, SITE_MAIN), 2);
	assert_int_equal(waiting(carla), 0);
	free(was.refs);
	free(is.refs);
	scene_end(&s);
}

TEST(a_newcomer_who_has_the_chain_from_elsewhere_gives_it_back)
{
	struct scene s;
	struct hub_copy was;
	struct kit *carla;
	struct oid newest, hub;
	char stick[128];

	scene_start(&s);
	was = hub_refs(s.w.hub);
	world_hub(&s.w, stick, "stick");
	kit_sync(s.noor, stick);
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	carla = newcomer(&s);
	newest = hub_get(s.w.hub, kit_ref(s.amira));
	kit_sync(s.noor, stick);
	kit_sync(carla, stick);
	hub_restore(s.w.hub, &was);
	assert_ok(kit_try(carla, s.w.hub));
	assert_true(found(&carla->findings, FIND_WITHHELD, kit_ref(s.amira)));
	hub = hub_get(s.w.hub, kit_ref(s.amira));
	assert_true(oid_eq(&hub, &newest));
	kit_sync(carla, s.w.hub);
	assert_int_equal(waiting(carla), 0);
	free(was.refs);
	scene_end(&s);
}

/* It was never said of this hub that it had so much. */
TEST(another_hub_than_the_home_is_merely_behind)
{
	struct scene s;
	struct kit *carla;
	char stick[128];

	scene_start(&s);
	world_hub(&s.w, stick, "stick");
	kit_sync(s.noor, stick);
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	kit_sync(s.noor, s.w.hub);
	carla = newcomer(&s);
	kit_sync(carla, stick);
	assert_int_equal(waiting(carla), 3);
	scene_end(&s);
}

/* What k's key signed, onto the hub in place of its branch. */
static void
put_there(struct kit *k, const char *hub, const struct oid *oid)
{
	struct push p = { .old = hub_get(hub, kit_ref(k)), .new = *oid };
	struct carry *c;

	snprintf(p.ref, sizeof p.ref, "%s", kit_ref(k));
	assert_ok(carry_open(&c, hub, NULL));
	assert_ok(carry_push(c, k->site.repo, &p, 1));
	assert_null(p.result);
	carry_close(c);
}

/* Bas's key has signed two seconds; Noor saw the one, the hub shows Carla
 * the other, with one more behind it. */
static void
fork_is_told(bool stick)
{
	struct scene s;
	struct kit *carla;
	struct oid good, first, bad, after;
	struct forged f;
	char other[128];
	const char *hub = s.w.hub;

	scene_start(&s);
	carla = newcomer(&s);
	good = head_of(s.bas, kit_ref(s.bas));
	assert_ok(chain_at(&first, &s.bas->site, &good, 1));
	f = forge_after(&s.bas->site, s.bas, &first);
	bad = forge_put(&s.bas->site, &f);
	f = forge_after(&s.bas->site, s.bas, &bad);
	after = forge_put(&s.bas->site, &f);
	if (stick) {
		world_hub(&s.w, other, "stick");
		kit_sync(s.noor, other);
		hub = other;
	}
	put_there(s.bas, hub, &after);
	kit_alarm(carla, hub, FIND_FORK, kit_ref(s.bas));
	assert_int_equal(carla->findings.at[0].seq, 2);
	assert_int_equal(seq_of(carla, kit_ref(s.bas)), 0);
	assert_int_equal(seq_of(carla, kit_ref(s.amira)), 2);
	kit_alarm(carla, hub, FIND_FORK, kit_ref(s.bas));
	hub_set(hub, kit_ref(s.bas), &good);
	kit_sync(carla, hub);
	assert_int_equal(seq_of(carla, kit_ref(s.bas)), 2);
	assert_int_equal(waiting(carla), stick ? 3 : 0);
	scene_end(&s);
}

TEST(a_line_with_another_commit_there_is_a_fork_and_nothing_of_it_is_taken)
{
	fork_is_told(false);
}

TEST(whichever_hub_shows_it)
{
	fork_is_told(true);
}

/* Noor cuts Bas off after his first. */
static void
cut_bas(struct scene *s)
{
	struct entry e = ENTRY_EMPTY;
	struct buf body = BUF_EMPTY;
	struct oid head = head_of(s->noor, kit_ref(s->bas)), first;
	struct commit c;
	uint8_t none[WIRE_HASH_LEN] = { 0 };

	assert_ok(chain_at(&first, &s->noor->site, &head, 1));
	assert_ok(site_commit(&c, &s->noor->site, &first));
	buf_add(&body, s->bas->site.self.b, WIRE_ID_LEN);
	put_u64(&body, 1);
	buf_add(&body, c.hash.b, WIRE_HASH_LEN);
	put_u64(&body, 0);
	buf_add(&body, none, sizeof none);
	put_u8(&body, CUT_REVOKED);
	item_put(&e.clear, ITEM_CUT, buf_view(&body));
	e.nclear++;
	append_entry(s->noor, &e);
	buf_free(&body);
	kit_sync(s->noor, s->w.hub);
}

TEST(nobody_waits_for_what_comes_after_a_cut)
{
	struct scene s;
	struct kit *carla;

	scene_start(&s);
	carla = newcomer(&s);
	cut_bas(&s);
	kit_alarm(carla, s.w.hub, FIND_AFTER_CUT, kit_ref(s.bas));
	assert_int_equal(seq_of(carla, kit_ref(s.bas)), 1);
	assert_int_equal(waiting(carla), 0);
	scene_end(&s);
}

int
main(void)
{
	return WORLD_RUN(
	    T(what_the_home_hub_holds_of_everyone_admitted_is_pinned),
	    T(what_only_this_device_or_another_hub_holds_is_not),
	    T(pins_are_kept_as_they_were_given_and_none_are_no_note),
	    T(a_hub_that_has_lived_up_to_them_is_asked_no_more),
	    T(an_old_copy_is_told_from_the_new_by_one_who_has_never_been_there),
	    T(a_newcomer_who_has_the_chain_from_elsewhere_gives_it_back),
	    T(another_hub_than_the_home_is_merely_behind),
	    T(a_line_with_another_commit_there_is_a_fork_and_nothing_of_it_is_taken),
	    T(whichever_hub_shows_it),
	    T(nobody_waits_for_what_comes_after_a_cut));
}
