#include "sync/recover.h"
#include "tests/unit/scene.h"

static const struct member *
as_seen_by(struct kit *who, const struct kit *of)
{
	return roster_member(who->site.roster, &of->site.self);
}

/* The entry with this paper key's word, on the device's own roster. */
static void
write_recovery(struct kit *k, const struct paper *p)
{
	struct entry e = ENTRY_EMPTY;

	recover_entry(&e, k->site.roster, &k->site.self, p);
	append_entry(k, &e);
}

static void
name_coordinator(struct kit *k)
{
	struct entry e = ENTRY_EMPTY;

	entry_name(&e, &k->site.self, ROLE_COORDINATOR, "Amira");
	append_entry(k, &e);
}

TEST(the_paper_key_is_the_rosters_or_it_is_not)
{
	struct scene s;
	struct paper other;

	scene_start(&s);
	paper_draw(&other);
	assert_true(recover_is(s.amira->site.roster, &s.w.paper));
	assert_false(recover_is(s.amira->site.roster, &other));
	memcpy(other.sign_pk, s.w.paper.sign_pk, 32);
	assert_false(recover_is(s.amira->site.roster, &other));
	scene_end(&s);
}

TEST(a_member_with_the_paper_keys_word_coordinates_for_everybody)
{
	struct scene s;
	struct kit *cor;

	scene_start(&s);
	write_recovery(s.amira, &s.w.paper);
	name_coordinator(s.amira);
	kit_sync(s.amira, s.w.hub);
	kit_sync(s.bas, s.w.hub);
	assert_int_equal(as_seen_by(s.bas, s.amira)->caps,
	    CAP_WRITE | CAP_COORDINATE);
	assert_int_equal(as_seen_by(s.bas, s.amira)->role, ROLE_COORDINATOR);
	/* Who coordinated before still does, and takes it as it is. */
	kit_sync(s.noor, s.w.hub);
	cor = world_invite(&s.w);
	kit_write(cor, 1);
	kit_sync(cor, s.w.hub);
	world_admit(&s.w, cor);
	kit_sync(s.amira, s.w.hub);
	assert_int_equal(as_seen_by(s.amira, cor)->status, MEMBER_ACTIVE);
	scene_end(&s);
}

TEST(an_outsider_with_the_genesis_alone_follows_the_recovery)
{
	struct scene s;
	struct audit a;

	scene_start(&s);
	write_recovery(s.amira, &s.w.paper);
	name_coordinator(s.amira);
	kit_sync(s.amira, s.w.hub);
	a = world_audit(&s.w, s.w.hub);
	show_findings(&a.findings);
	assert_int_equal(a.findings.n, 0);
	audit_free(&a);
	scene_end(&s);
}

static void
push_entry(struct kit *k, const char *hub)
{
	struct oid all[3];
	struct tree_entry *te = NULL;
	struct commit c;
	struct repo *r;
	size_t n;

	assert_ok(site_head(&c, &all[0], &k->site, SITE_ROSTER));
	all[1] = c.tree;
	assert_ok(repo_read_tree(&te, &n, k->site.repo, &c.tree, 1));
	all[2] = te[0].blob;
	assert_ok(repo_open(&r, hub));
	assert_ok(repo_pack(k->site.repo, all, 3, repo_dir(r),
	    WIRE_SEGMENT_MAX));
	repo_close(r);
	hub_set(hub, SITE_ROSTER, &all[0]);
	free(te);
}

/* Amira's own program is changed: it takes another paper for the project's. */
TEST(another_paper_keys_word_makes_nobody_coordinator)
{
	struct scene s;
	struct paper other;

	scene_start(&s);
	paper_draw(&other);
	memcpy(s.amira->site.roster->paper_sign, other.sign_pk, 32);
	write_recovery(s.amira, &other);
	push_entry(s.amira, s.w.hub);
	kit_alarm(s.noor, s.w.hub, FIND_NOT_A_MEMBER, SITE_ROSTER);
	assert_int_equal(as_seen_by(s.noor, s.amira)->caps, CAP_WRITE);
	scene_end(&s);
}

/* The word names the entry before it: it cannot be used again later. */
TEST(the_paper_keys_word_is_for_one_place_in_the_roster)
{
	struct scene s;
	struct entry early = ENTRY_EMPTY;
	struct buf blob = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	struct oid oid;

	scene_start(&s);
	recover_entry(&early, s.amira->site.roster, &s.amira->site.self,
	    &s.w.paper);
	world_invite(&s.w);
	kit_sync(s.amira, s.w.hub);
	assert_ok(entry_finish(&blob, &early, 1, s.amira->keys,
	    s.amira->site.squeeze));
	assert_fault(FAULT_TRUST, site_append(&oid, &s.amira->site,
	    SITE_ROSTER, &c, buf_view(&blob), &s.amira->signer));
	assert_int_equal(as_seen_by(s.amira, s.amira)->caps, CAP_WRITE);
	entry_free(&early);
	buf_free(&blob);
	scene_end(&s);
}

TEST(the_paper_key_opens_the_secrets_of_every_epoch)
{
	uint8_t want[WIRE_KEY_LEN], got[WIRE_KEY_LEN];
	struct keys *k = keys_new();
	struct entry e = ENTRY_EMPTY;
	struct scene s;

	scene_start(&s);
	keys_draw_epoch(s.noor->keys, 2);
	assert_ok(entry_epoch(&e, &(struct epoch_plan){
	    2, 1, NULL, s.w.paper.box_pk }, s.noor->keys));
	append_entry(s.noor, &e);
	assert_ok(recover_secrets(k, s.noor->site.roster, &s.w.paper));
	for (uint32_t n = 1; n <= 2; n++)
		for (int c = COMP_LEDGER; c < COMP_COUNT; c++) {
			assert_true(keys_get_secret(want, s.noor->keys,
			    (enum compartment)c, n));
			assert_true(keys_get_secret(got, k,
			    (enum compartment)c, n));
			assert_memory_equal(want, got, WIRE_KEY_LEN);
		}
	keys_free(k);
	scene_end(&s);
}

static void
nothing_recovered(struct scene *s, const struct paper *p)
{
	struct keys *k = keys_new();

	assert_fault(FAULT_TRUST, recover_secrets(k, s->noor->site.roster, p));
	assert_false(keys_has_secret(k, COMP_LEDGER, 1));
	keys_free(k);
}

TEST(a_box_that_is_damaged_or_holds_other_secrets_gives_nothing)
{
	uint8_t lie[4 * WIRE_KEY_LEN] = { 1 };
	struct epoch *e;
	struct paper other;
	struct scene s;

	scene_start(&s);
	e = &s.noor->site.roster->epochs[0];
	paper_draw(&other);
	nothing_recovered(&s, &other);
	e->to_paper[100] ^= 1;
	nothing_recovered(&s, &s.w.paper);
	assert_int_equal(crypto_box_seal(e->to_paper, lie, sizeof lie,
	    s.w.paper.box_pk), 0);
	nothing_recovered(&s, &s.w.paper);
	scene_end(&s);
}

int
main(void)
{
	return WORLD_RUN(
	    T(the_paper_key_is_the_rosters_or_it_is_not),
	    T(a_member_with_the_paper_keys_word_coordinates_for_everybody),
	    T(an_outsider_with_the_genesis_alone_follows_the_recovery),
	    T(another_paper_keys_word_makes_nobody_coordinator),
	    T(the_paper_keys_word_is_for_one_place_in_the_roster),
	    T(the_paper_key_opens_the_secrets_of_every_epoch),
	    T(a_box_that_is_damaged_or_holds_other_secrets_gives_nothing));
}
