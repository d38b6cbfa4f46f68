#include "sync/base/codec.h"
#include "tests/unit/victim.h"

/* --- whole objects ------------------------------------------------------ */

/*
 * One bit of every byte of a good third commit: none is verified, whatever
 * the finding is called.
 */
TEST(one_bit_flipped_anywhere_in_a_commit_is_refused)
{
	struct scene s;
	struct forged f;
	struct buf raw = BUF_EMPTY;
	struct commit c;
	struct oid oid;

	scene_start(&s);
	f = third(&s);
	oid = forge_put(&s.noor->site, &f);
	assert_ok(site_commit_raw(&c, &raw, &s.noor->site, &oid));
	for (size_t i = 0; i < raw.len; i++) {
		raw.at[i] ^= (uint8_t)(1u << (i % 8));
		assert_ok(repo_write(&oid, s.noor->site.repo, OBJECT_COMMIT,
		    buf_view(&raw)));
		verify(&s, &s.second, &oid);
		assert_int_equal(s.check.steps, 0);
		assert_true(s.found.n == 1 || s.check.ahead);
		raw.at[i] ^= (uint8_t)(1u << (i % 8));
	}
	buf_free(&raw);
	scene_end(&s);
}

TEST(a_commit_cut_anywhere_is_corrupt)
{
	struct scene s;
	struct forged f;
	struct buf raw = BUF_EMPTY;
	struct commit c;
	struct oid oid;

	scene_start(&s);
	f = third(&s);
	oid = forge_put(&s.noor->site, &f);
	assert_ok(site_commit_raw(&c, &raw, &s.noor->site, &oid));
	for (size_t n = 0; n < raw.len; n += 3) {
		assert_ok(repo_write(&oid, s.noor->site.repo, OBJECT_COMMIT,
		    (struct bytes){ raw.at, n }));
		refused(&s, &s.second, &oid, FIND_CORRUPT);
	}
	buf_free(&raw);
	scene_end(&s);
}

/* --- two defects: the first of the table is named ----------------------- */

struct spoil {
	enum finding_code code;
	void		(*make)(struct scene *, struct forged *);
	int		signer;		/* only one of these at a time */
};

static uint8_t stranger_pk[32], stranger_sk[64];

static void
too_large(struct scene *s, struct forged *f)
{
	(void)s;
	f->pad = WIRE_SEGMENT_MAX;
}

static void
other_file(struct scene *s, struct forged *f)
{
	assert_true(ref_entry(f->entry, kit_ref(s->noor)));
}

static void
other_project(struct scene *s, struct forged *f)
{
	(void)s;
	f->c.genesis.b[0] ^= 1;
}

static void
other_segment(struct scene *s, struct forged *f)
{
	(void)s;
	f->wrong_seg = true;
}

static void
stranger(struct scene *s, struct forged *f)
{
	(void)s;
	f->pk = stranger_pk;
	f->sk = stranger_sk;
}

static void
wrong_signature(struct scene *s, struct forged *f)
{
	(void)s;
	f->sk = stranger_sk;
}

static void
other_place(struct scene *s, struct forged *f)
{
	f->head.device = s->noor->site.self;
}

static void
second_of_number(struct scene *s, struct forged *f)
{
	(void)f;
	s->check.drafts = false;
}

static void
other_prev(struct scene *s, struct forged *f)
{
	(void)s;
	f->c.prev.b[0] ^= 1;
	f->head.prev = f->c.prev;
}

static void
cut_before(struct scene *s, struct forged *f)
{
	(void)f;
	for (size_t i = 0; i < s->noor->site.roster->nmembers; i++) {
		struct member *m = &s->noor->site.roster->members[i];

		if (id_eq(&m->device, &s->amira->site.self)) {
			m->cut_at = 9;
			m->cut_seq = 1;
		}
	}
}

static const struct spoil spoils[] = {
	{ FIND_OVERSIZED, too_large, 0 },
	{ FIND_FOREIGN_PATH, other_file, 0 },
	{ FIND_WRONG_PROJECT, other_project, 0 },
	{ FIND_CORRUPT, other_segment, 0 },
	{ FIND_NOT_A_MEMBER, stranger, 1 },
	{ FIND_BAD_SIGNATURE, wrong_signature, 1 },
	{ FIND_REPLAYED, other_place, 0 },
	{ FIND_FORK, second_of_number, 0 },
	{ FIND_GAP, other_prev, 0 },
	{ FIND_AFTER_CUT, cut_before, 0 },
};
#define SPOILS (sizeof spoils / sizeof spoils[0])

static bool
first_of(enum finding_code code, size_t i, size_t j)
{
	return code == (spoils[i].code < spoils[j].code ? spoils[i].code :
	    spoils[j].code);
}

TEST(of_two_defects_the_first_in_the_tables_order_is_named)
{
	struct scene s;

	scene_start(&s);
	sign_keypair(stranger_pk, stranger_sk);
	for (size_t i = 0; i < SPOILS; i++)
		for (size_t j = i + 1; j < SPOILS; j++) {
			struct forged f;
			struct oid oid;

			if (spoils[i].signer && spoils[j].signer)
				continue;
			assert_ok(site_reload(&s.noor->site));
			f = forge_after(&s.noor->site, s.amira, &s.first);
			s.check.drafts = true;
			spoils[i].make(&s, &f);
			spoils[j].make(&s, &f);
			oid = forge_put(&s.noor->site, &f);
			verify(&s, &s.first, &oid);
			assert_int_equal(s.found.n, 1);
			if (!first_of(s.found.at[0].code, i, j))
				fail_msg("%s and %s: named %s",
				    finding_name(spoils[i].code),
				    finding_name(spoils[j].code),
				    finding_name(s.found.at[0].code));
		}
	scene_end(&s);
}

/* --- joiners ------------------------------------------------------------ */

TEST(a_joiners_chain_is_pending_until_it_is_admitted)
{
	struct world w;
	struct kit *a;
	struct findings fs = FINDINGS_EMPTY;
	struct chain_check c = { .hub = "hub" };
	struct forged f;

	world_start(&w);
	a = world_invite(&w);
	c.ref = kit_ref(a);
	f = forge_after(&w.noor.site, a, &c.from);
	c.to = forge_put(&w.noor.site, &f);
	f = forge_after(&w.noor.site, a, &c.to);
	c.to = forge_put(&w.noor.site, &f);
	assert_ok(chain_verify(&w.noor.site, &c, &fs, NULL, NULL));
	assert_int_equal(fs.n, 0);
	assert_int_equal(c.steps, 2);
	assert_true(c.pending);
	findings_free(&fs);
	world_end(&w);
}

static void
join_refused(struct world *w, struct kit *a, enum finding_code code)
{
	struct findings fs = FINDINGS_EMPTY;
	struct chain_check c = { .hub = "hub", .ref = kit_ref(a) };
	struct forged f = forge_after(&w->noor.site, a, &c.from);

	c.to = forge_put(&w->noor.site, &f);
	assert_ok(chain_verify(&w->noor.site, &c, &fs, NULL, NULL));
	assert_int_equal(c.steps, 0);
	assert_int_equal(fs.n, 1);
	assert_int_equal(fs.at[0].code, code);
	findings_free(&fs);
}

TEST(a_join_line_that_takes_up_nothing_is_no_members)
{
	struct world w;
	struct kit *a;
	struct join good;

	world_start(&w);
	a = world_invite(&w);
	good = a->join;
	a->join.file.b[0] ^= 1;
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	a->join = good;
	a->join.by_once[3] ^= 1;
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	a->join = good;
	a->join.by_new[3] ^= 1;
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	a->join = good;
	a->joiner = false;		/* no join line at all */
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	a->joiner = true;
	world_end(&w);
}

/* A joiner that Noor invites with a one-time key that the test holds. */
static struct member
invite_by_hand(struct world *w, struct kit *k, uint8_t once_sk[SIGN_SK])
{
	struct member m = { .device = id_random(), .caps = CAP_WRITE,
	    .expires = UINT64_C(4102444800) };
	struct entry e = ENTRY_EMPTY;

	sign_keypair(m.once_pk, once_sk);
	random_fill(m.file.b, sizeof m.file.b);
	entry_invite(&e, &m);
	append_entry(&w->noor, &e);
	*k = (struct kit){ .joiner = true };
	kit_draw(k);
	k->site.self = m.device;
	return m;
}

static void
with_key(struct kit *k, const uint8_t pk[32], const uint8_t sk[SIGN_SK])
{
	memcpy(k->signer.pk, pk, 32);
	memcpy(k->signer.sk, sk, SIGN_SK);
}

TEST(a_joiners_key_that_no_entry_could_admit_is_refused)
{
	static const uint8_t low[][32] = { { 0 }, { 1 } };
	struct world w;
	struct kit k, *amira;
	struct member m;
	uint8_t once[SIGN_SK], pk[32], sk[SIGN_SK], box[32];

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	amira = world_invite(&w);
	kit_write(amira, 1);
	kit_sync(amira, w.hub);
	m = invite_by_hand(&w, &k, once);
	sign_keypair(pk, sk);
	memcpy(box, k.signer.box_pk, 32);
	with_key(&k, m.once_pk, once);		/* the one-time key itself */
	take_up(&k, &w, &m, once);
	join_refused(&w, &k, FIND_NOT_A_MEMBER);
	with_key(&k, w.noor.signer.pk, w.noor.signer.sk);	/* a member's */
	take_up(&k, &w, &m, once);
	join_refused(&w, &k, FIND_NOT_A_MEMBER);
	with_key(&k, w.paper.sign_pk, w.paper.sign_sk);
	take_up(&k, &w, &m, once);
	join_refused(&w, &k, FIND_NOT_A_MEMBER);
	with_key(&k, pk, sk);
	for (size_t i = 0; i < 2; i++) {
		memcpy(k.signer.box_pk, low[i], 32);
		take_up(&k, &w, &m, once);
		join_refused(&w, &k, FIND_NOT_A_MEMBER);
	}
	memcpy(k.signer.box_pk, box, 32);
	/* one key for two invitations: the first that came is carried */
	kit_sync(&w.noor, w.hub);
	with_key(&k, amira->signer.pk, amira->signer.sk);
	take_up(&k, &w, &m, once);
	join_refused(&w, &k, FIND_REPLAYED);
	world_admit(&w, amira);
	join_refused(&w, &k, FIND_NOT_A_MEMBER);
	assert_false(roster_join_fits(w.noor.site.roster,
	    roster_member(w.noor.site.roster, &m.device), &k.join));
	with_key(&k, pk, sk);
	take_up(&k, &w, &m, once);
	assert_true(roster_join_fits(w.noor.site.roster,
	    roster_member(w.noor.site.roster, &m.device), &k.join));
	secret_free(k.signer.sk, SIGN_SK);
	world_end(&w);
}

TEST(a_chain_of_nobody_in_the_roster_is_no_members)
{
	struct world w;
	struct kit *a;

	world_start(&w);
	a = world_invite(&w);
	a->site.self = id_random();
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	world_end(&w);
}

/* --- lines -------------------------------------------------------------- */

TEST(a_line_is_walked_back_to_any_number)
{
	struct world w;
	struct oid head, at;
	struct commit c;

	world_start(&w);
	for (int i = 0; i < 5; i++)
		kit_write(&w.noor, 1);
	head = head_of(&w.noor, kit_ref(&w.noor));
	for (uint64_t seq = 1; seq <= 5; seq++) {
		assert_ok(chain_at(&at, &w.noor.site, &head, seq));
		assert_ok(site_commit(&c, &w.noor.site, &at));
		assert_int_equal(c.seq, seq);
	}
	assert_fault(FAULT_ABSENT, chain_at(&at, &w.noor.site, &head, 6));
	assert_fault(FAULT_ABSENT, chain_at(&at, &w.noor.site, &head, 0));
	world_end(&w);
}

static void
meets(struct scene *s, const struct oid *ours, const struct oid *theirs,
    enum chain_side side, const struct oid *where)
{
	enum chain_side is;
	struct oid meet;

	assert_ok(chain_meet(&is, &meet, &s->noor->site, ours, theirs));
	assert_int_equal(is, side);
	assert_true(oid_eq(&meet, where));
}

TEST(two_lines_meet_where_they_part)
{
	struct scene s;
	struct forged f;
	struct oid a, b, c, none = { { 0 } };

	scene_start(&s);
	f = forge_after(&s.noor->site, s.amira, &s.first);
	a = forge_put(&s.noor->site, &f);
	f = forge_after(&s.noor->site, s.amira, &a);
	b = forge_put(&s.noor->site, &f);
	meets(&s, &none, &b, CHAIN_AHEAD, &none);
	meets(&s, &b, &b, CHAIN_SAME, &b);
	meets(&s, &a, &b, CHAIN_AHEAD, &a);
	meets(&s, &b, &a, CHAIN_BEHIND, &a);
	meets(&s, &s.second, &b, CHAIN_APART, &s.first);
	/* A number that lies sends nobody astray. */
	f.c.seq = f.head.seq = 1;
	f.c.prev = f.head.prev = (struct hash){ { 0 } };
	f.c.nparents = 0;
	c = forge_put(&s.noor->site, &f);
	meets(&s, &s.second, &c, CHAIN_APART, &none);
	scene_end(&s);
}

/* --- long lines, in parts ----------------------------------------------- */

#define LONG 45
#define STEP 20

/* A sync that fetches only, in parts of 20 commits. */
static void
fetch_bounded(struct kit *k, const char *hub, struct sync *s)
{
	struct carry *c;

	assert_ok(carry_open(&c, hub, NULL));
	carry_bound(c, STEP, WIRE_FETCH_MAX);
	assert_ok(sync_begin(s, &k->site, c));
	assert_ok(sync_fetch_first(s));
	assert_ok(sync_fetch_rest(s));
	show_findings(&s->findings);
	assert_int_equal(s->findings.n, 0);
	carry_close(c);
}

TEST(a_long_line_is_taken_part_by_part_in_one_sync_and_main_too)
{
	struct world w;
	struct kit *a;
	struct sync s;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	a = world_invite(&w);
	for (int i = 0; i < LONG; i++) {
		kit_write(&w.noor, 1);
		assert_int_equal(world_merge(&w), 1);
	}
	kit_sync(&w.noor, w.hub);
	fetch_bounded(a, w.hub, &s);
	assert_int_equal(seq_of(a, kit_ref(&w.noor)), LONG);
	assert_int_equal(seq_of(a, SITE_MAIN), LONG);
	assert_true(s.received >= 2 * LONG);
	sync_end(&s);
	/* Each part is a pack: three of Noor's line, three of main. */
	assert_int_equal(number("ls %s/objects/pack/*.pack | wc -l", a->path),
	    7);
	kit_sync(a, w.hub);
	world_end(&w);
}

/* --- large blobs -------------------------------------------------------- */

static void
keyring_shown(struct scene *s, struct bytes blob)
{
	struct site *site = &s->noor->site;
	struct commit c = { .seq = 1, .generation = 1 };

	findings_free(&s->found);
	s->check = (struct chain_check){ .ref = "refs/heads/keyring/1",
	    .hub = "hub" };
	assert_ok(site_orphan(&s->check.to, site, s->check.ref, &c, blob,
	    &s->noor->signer));
	assert_ok(chain_verify(site, &s->check, &s->found, NULL, NULL));
}

TEST(a_keyring_may_be_larger_than_a_segment)
{
	struct scene s;
	struct buf b = BUF_EMPTY;
	size_t box = 3u << 20;

	scene_start(&s);
	buf_add(&b, "KITRNG", 6);
	put_u16(&b, WIRE_FORMAT);
	put_u64(&b, 1);
	put_u64(&b, 1);
	memset(buf_room(&b, WIRE_HASH_LEN), 1, WIRE_HASH_LEN);
	b.len += WIRE_HASH_LEN;
	put_u16(&b, 1);
	put_u32(&b, (uint32_t)box);
	memset(buf_room(&b, box), 7, box);
	b.len += box;
	put_u16(&b, 0);
	keyring_shown(&s, buf_view(&b));
	show_findings(&s.found);
	assert_int_equal(s.found.n, 0);
	assert_int_equal(s.check.steps, 1);
	/* Not of its form: said by its form check, and not by its size. */
	b.at[0] = 'X';
	keyring_shown(&s, buf_view(&b));
	assert_int_equal(s.found.n, 1);
	assert_int_equal(s.found.at[0].code, FIND_CORRUPT);
	buf_free(&b);
	scene_end(&s);
}

TEST(a_segment_of_3_MiB_is_oversized)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = third(&s);
	f.pad = 3u << 20;
	spoiled(&s, &f, FIND_OVERSIZED);
	scene_end(&s);
}

int
main(void)
{
	return WORLD_RUN(
	    T(one_bit_flipped_anywhere_in_a_commit_is_refused),
	    T(a_commit_cut_anywhere_is_corrupt),
	    T(of_two_defects_the_first_in_the_tables_order_is_named),
	    T(a_joiners_chain_is_pending_until_it_is_admitted),
	    T(a_join_line_that_takes_up_nothing_is_no_members),
	    T(a_joiners_key_that_no_entry_could_admit_is_refused),
	    T(a_chain_of_nobody_in_the_roster_is_no_members),
	    T(a_line_is_walked_back_to_any_number),
	    T(two_lines_meet_where_they_part),
	    T(a_long_line_is_taken_part_by_part_in_one_sync_and_main_too),
	    T(a_keyring_may_be_larger_than_a_segment),
	    T(a_segment_of_3_MiB_is_oversized));
}
