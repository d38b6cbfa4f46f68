#include "tests/unit/test.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "tests/unit/lines.h"

/* ---- addresses and making ----------------------------------------------- */

TEST(only_folders_are_addresses_yet)
{
	static const char *const bad[] = { "", "ssh://host/x", "https://h/x",
	    "git@host:x", "host:x/y", "file://relative", "file:///a%0ab",
	    "file:///a%zz", "file:///a%2", "a\nb" };
	struct carry *c;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_fault(FAULT_USAGE, carry_open(&c, bad[i], NULL));
		assert_fault(FAULT_USAGE, hub_create(bad[i]));
	}
}

TEST(a_hub_is_found_under_each_spelling_of_its_path)
{
	char out[256], url[256], *path = at("a hub: of ours");
	struct carry *c;

	assert_ok(hub_create(path));
	snprintf(url, sizeof url, "%s///", path);
	assert_ok(carry_open(&c, url, NULL));
	assert_string_equal(carry_url(c), url);
	carry_close(c);
	snprintf(url, sizeof url, "file://%s/a%%20hub%%3A%%20of ours", scratch);
	assert_ok(carry_open(&c, url, NULL));
	carry_close(c);
	assert_int_equal(chdir(scratch), 0);
	assert_ok(carry_open(&c, "./a hub: of ours", NULL));
	carry_close(c);
	assert_ok(carry_open(&c, "a hub: of ours", NULL));
	carry_close(c);
	assert_int_equal(run(out, "git clone -q '%s' clone-of-empty 2>&1",
	    path), 0);
	free(path);
}

TEST(a_folder_with_other_things_is_not_touched)
{
	char *dir = at("mine"), *file = at("mine/letter"), *path = at("no/x");

	assert_ok(file_mkdir(dir, 0700));
	write_text(file, "dear");
	assert_fault(FAULT_INVALID, hub_create(dir));
	assert_int_equal(number("ls -A mine | wc -l"), 1);
	assert_int_equal(unlink(file), 0);
	assert_ok(hub_create(dir));
	assert_ok(hub_create(dir));
	assert_fault(FAULT_HUB, hub_create(path));
	free(dir);
	free(file);
	free(path);
}

TEST(a_hub_whose_making_was_cut_short_is_finished)
{
	char *dir = at("half"), out[256];
	struct carry *c;

	assert_ok(hub_create(dir));
	assert_int_equal(run(out, "rm half/HEAD; rm -r half/refs"), 0);
	assert_fault(FAULT_TRUST, carry_open(&c, dir, NULL));
	assert_ok(hub_create(dir));
	assert_ok(carry_open(&c, dir, NULL));
	carry_close(c);
	free(dir);
}

TEST(what_is_new_takes_mode_and_group_of_the_folder_and_not_our_umask)
{
	struct repo *r = repo_at("modes");
	struct line l = line_device(r, 1);
	struct carry *c;
	char out[256], *dir = at("share/hub");

	assert_int_equal(run(out, "mkdir share; chmod 2775 share; "
	    "chgrp 4242 share"), 0);
	assert_ok(hub_create(dir));
	assert_ok(carry_open(&c, dir, NULL));
	line_grow(&l, 2, 600);
	push_line(c, &l, NULL);
	assert_int_equal(number("find share/hub -type d ! -perm 2775 -o "
	    "-type f ! -perm 0664 | wc -l"), 0);
	assert_int_equal(number("find share/hub ! -group 4242 | wc -l"),
	    geteuid() == 0 ? 0 : number("find share/hub | wc -l"));
	assert_true(number("find share/hub -type f | wc -l") >= 5);
	carry_close(c);
	repo_close(r);
	free(dir);
}

/* ---- there and back ----------------------------------------------------- */

static void
assert_holds(struct repo *r, const struct line *l, bool yes)
{
	if (repo_has(r, &l->head) != yes)
		fail_msg("%s: held %d, should be %d", l->ref, !yes, yes);
}

TEST(what_one_pushes_another_fetches_and_stock_git_clones)
{
	struct repo *a = repo_at("a1"), *b = repo_at("b1");
	struct carry *c = hub_at("hub1");
	struct line d[2] = { line_device(a, 1), line_device(a, 2) };
	struct line m = line_new(a, "refs/heads/main");
	struct repo_ref *refs;
	struct oid old, merged;
	size_t n, foreign;
	char out[256];

	line_grow(&d[0], 5, 900);
	line_grow(&d[1], 3, 70000);
	line_merge(&m, d, 2);
	merged = m.head;
	/* main alone brings what it needs, so no clone is ever broken. */
	push_line(c, &m, NULL);
	push_line(c, &d[0], NULL);
	push_line(c, &d[1], NULL);
	old = d[1].head;
	line_grow(&d[1], 2, 600);
	line_merge(&m, d, 2);
	push_line(c, &d[1], &old);
	push_line(c, &m, &merged);

	assert_ok(carry_refs(&refs, &n, &foreign, c));
	assert_int_equal(n, 3);
	assert_int_equal(foreign, 0);
	assert_string_equal(refs[2].name, "refs/heads/main");
	assert_true(oid_eq(&refs[2].oid, &m.head));
	free(refs);
	assert_int_equal(run(out, "git --git-dir=hub1 fsck --full --strict "
	    "2>&1"), 0);
	assert_string_equal(out, "");
	assert_int_equal(run(out, "git clone -q --mirror hub1 clone1 2>&1 && "
	    "git --git-dir=clone1 fsck --full --strict 2>&1"), 0);
	assert_int_equal(number("git --git-dir=clone1 rev-list --all --count"),
	    5 + 5 + 2);

	/* main's own line only: devices are fetched by their own refs. */
	assert_ok(carry_fetch(c, b, m.ref, &nothing, &m.head));
	assert_holds(b, &m, true);
	assert_holds(b, &d[0], false);
	assert_ok(carry_fetch(c, b, d[0].ref, &nothing, &d[0].head));
	assert_ok(carry_fetch(c, b, d[1].ref, &nothing, &old));
	assert_ok(carry_fetch(c, b, d[1].ref, &old, &d[1].head));
	assert_ok(repo_ref_move(b, m.ref, NULL, &m.head));
	assert_int_equal(run(out, "git --git-dir=b1 fsck --full --strict "
	    "2>&1"), 0);
	assert_int_equal(number("git --git-dir=b1 rev-list --all --count"), 12);
	carry_close(c);
	repo_close(a);
	repo_close(b);
}

TEST(nothing_is_copied_twice)
{
	struct repo *a = repo_at("a2"), *b = repo_at("b2");
	struct carry *c = hub_at("hub2");
	struct line l = line_device(a, 1);
	struct oid old;

	line_grow(&l, 4, 600);
	push_line(c, &l, NULL);
	assert_int_equal(number("ls hub2/objects/pack/*.pack | wc -l"), 1);
	push_line(c, &l, &l.head);
	assert_int_equal(number("ls hub2/objects/pack/*.pack | wc -l"), 1);
	assert_ok(carry_fetch(c, b, l.ref, &nothing, &l.head));
	assert_ok(carry_fetch(c, b, l.ref, &nothing, &l.head));
	assert_ok(carry_fetch(c, b, l.ref, &l.head, &l.head));
	assert_int_equal(number("ls b2/objects/pack/*.pack | wc -l"), 1);
	old = l.head;
	line_grow(&l, 1, 600);
	push_line(c, &l, &old);
	assert_ok(carry_fetch(c, b, l.ref, &nothing, &l.head));
	assert_int_equal(number("git show-index <"
	    "$(ls -t b2/objects/pack/*.idx | head -1) | wc -l"), 3);
	carry_close(c);
	repo_close(a);
	repo_close(b);
}

TEST(a_lost_race_is_told_and_the_other_refs_go_on)
{
	struct repo *a = repo_at("a3");
	struct carry *c = hub_at("hub3");
	struct line x = line_device(a, 1), y = line_device(a, 2),
	    z = line_device(a, 3);
	struct push p[20];
	struct repo_ref *refs;
	size_t n, foreign;

	line_grow(&x, 1, 600);
	line_grow(&y, 1, 600);
	push_line(c, &x, NULL);
	/* More of them than the ring of faults is long. */
	for (int i = 0; i < 19; i++)
		p[i] = push_of(&x, i % 2 == 0 ? NULL : &y.head);
	p[19] = push_of(&y, NULL);
	assert_ok(carry_push(c, a, p, 20));
	for (int i = 0; i < 19; i++)
		assert_fault(FAULT_RACE, p[i].result);
	assert_ok(p[19].result);
	/* What we do not hold ourselves stays out, and is no failure. */
	line_grow(&z, 1, 600);
	p[0] = push_of(&z, NULL);
	p[0].new.b[0] ^= 1;
	p[1] = push_of(&z, NULL);
	assert_ok(carry_push(c, a, p, 2));
	assert_fault(FAULT_ABSENT, p[0].result);
	assert_ok(p[1].result);
	/* Zeros delete. */
	p[0] = push_of(&y, &y.head);
	p[0].new = nothing;
	assert_ok(carry_push(c, a, p, 1));
	assert_ok(p[0].result);
	assert_ok(carry_refs(&refs, &n, &foreign, c));
	assert_int_equal(n, 2);
	free(refs);
	carry_close(c);
	repo_close(a);
}

/* Ref files from .. to, each named by the format. */
static void
make_refs(const char *fmt, unsigned from, unsigned to)
{
	char name[64], *path, *dir = at("hub4/refs/heads");

	for (unsigned i = from; i <= to; i++) {
		snprintf(name, sizeof name, fmt, i);
		path = path_join(dir, name);
		write_text(path, "1111111111111111111111111111111111111111\n");
		free(path);
	}
	free(dir);
}

TEST(strangers_are_counted_and_old_keyrings_do_not_count)
{
	struct carry *c = hub_at("hub4");
	struct repo_ref *refs;
	size_t n, foreign;
	char out[256];

	assert_int_equal(run(out, "mkdir hub4/refs/heads/keyring; "
	    "mkdir hub4/refs/heads/empty"), 0);
	make_refs("keyring/%u", 1, 600);
	make_refs("device/%032x", 1, 500);
	make_refs("device/XYZ%u", 1, 1);
	make_refs("stranger%u", 1, 1);
	make_refs("main", 1, 1);
	assert_int_equal(run(out, "cd hub4/refs/heads; "
	    "echo ref: refs/heads/main >hub; : >roster"), 0);
	assert_ok(carry_refs(&refs, &n, &foreign, c));
	assert_int_equal(n, 600 + 500 + 1);
	assert_int_equal(foreign, 4);
	free(refs);
	make_refs("device/%032x", 501, 511);
	assert_fault(FAULT_FORMAT, carry_refs(&refs, &n, &foreign, c));
	carry_close(c);
}

/* ---- bounds and damage -------------------------------------------------- */

/* A line that is written straight into a hub, as nobody of ours would. */
static struct line
line_in_hub(const char *hub, struct repo **r)
{
	char *path = at(hub);

	assert_ok(repo_open(r, path));
	free(path);
	return line_device(*r, 1);
}

static void
assert_over(struct carry *c, struct repo *into, const struct line *l)
{
	assert_fault(FAULT_FORMAT,
	    carry_fetch(c, into, l->ref, &nothing, &l->head));
	assert_int_equal(carry_why(c), FIND_OVERSIZED);
	assert_false(repo_has(into, &l->head));
}

/* Fetch all from have on; how many parts it took. */
static size_t
parts(struct carry *c, struct repo *into, const struct line *l,
    const struct oid *have)
{
	struct oid at = *have;
	size_t n = 0;

	while (!oid_eq(&at, &l->head)) {
		assert_ok(carry_fetch(c, into, l->ref, &at, &l->head));
		at = *carry_reached(c);
		assert_true(repo_has(into, &at));
		assert_true(++n < 100);
	}
	return n;
}

TEST(what_is_larger_than_allowed_is_not_fetched)
{
	struct repo *in, *b = repo_at("b5");
	struct carry *c = hub_at("hub5");
	struct line l = line_in_hub("hub5", &in);
	uint8_t *mib = mem_new(WIRE_SEGMENT_MAX + 1);
	struct oid ok, big;
	char out[256];

	line_add(&l, (struct bytes){ mib, WIRE_SEGMENT_MAX });
	assert_ok(carry_fetch(c, b, l.ref, &nothing, &l.head));
	ok = l.head;
	assert_fault(FAULT_INVALID, repo_write(&big, in, OBJECT_BLOB,
	    (struct bytes){ mib, WIRE_SEGMENT_MAX + 1 }));
	assert_int_equal(run(out, "head -c %u /dev/zero | git --git-dir=hub5 "
	    "hash-object -w --stdin", WIRE_SEGMENT_MAX + 1), 0);
	assert_true(hex_parse(big.b, OID_LEN, bytes_of(out)));
	line_entry(&l, &big, &l.last.seg);
	assert_over(c, b, &l);
	assert_ok(carry_fetch(c, b, l.ref, &nothing, &ok));
	/* Each is allowed; all together are more than one part. */
	l.head = ok;
	for (uint8_t i = 1; i <= 64; i++) {
		mib[0] = i;
		line_add(&l, (struct bytes){ mib, WIRE_SEGMENT_MAX });
	}
	assert_int_equal(parts(c, b, &l, &ok), 2);
	assert_true(repo_has(b, &l.head));
	assert_ok(repo_write(&big, in, OBJECT_COMMIT, (struct bytes){ mib,
	    WIRE_COMMIT_MAX + 1 }));
	l.head = big;
	assert_over(c, b, &l);
	free(mib);
	carry_close(c);
	repo_close(in);
	repo_close(b);
}

TEST(more_steps_at_once_than_allowed_are_fetched_in_parts)
{
	struct repo *in, *b = repo_at("b6");
	struct carry *c = hub_at("hub6");
	struct line l = line_in_hub("hub6", &in);
	struct oid first;

	line_grow(&l, 1, 600);
	first = l.head;
	for (unsigned i = 0; i < WIRE_SEQ_STEP; i++) {
		struct commit next = line_next(&l);

		next.tree = l.last.tree;
		next.seg = l.last.seg;
		line_sign(&l, &next);
	}
	assert_ok(carry_fetch(c, b, l.ref, &nothing, &l.head));
	assert_false(repo_has(b, &l.head));
	assert_true(oid_eq(carry_reached(c), &l.last.parents[0]));
	assert_ok(carry_fetch(c, b, l.ref, &first, &l.head));
	assert_true(oid_eq(carry_reached(c), &l.head));
	assert_true(repo_has(b, &l.head));
	carry_close(c);
	repo_close(in);
	repo_close(b);
}

static uint64_t
seq_at(struct repo *r, const struct oid *oid)
{
	struct buf raw = BUF_EMPTY;
	struct commit c;

	assert_ok(repo_read(&raw, r, oid, OBJECT_COMMIT, WIRE_COMMIT_MAX));
	assert_ok(commit_parse(&c, buf_view(&raw)));
	buf_free(&raw);
	return c.seq;
}

/* 45 commits: 20, 20 and 5.  again: by a carry that was opened in between. */
static void
three_parts(const char *hub, struct repo *into, const struct line *l,
    bool again)
{
	static const uint64_t ends[] = { 20, 40, 45 };
	struct oid far = nothing;
	struct carry *c = NULL;
	char *path = at(hub);

	for (size_t i = 0; i < 3; i++) {
		if (c == NULL)
			assert_ok(carry_open(&c, path, NULL));
		carry_bound(c, 20, WIRE_FETCH_MAX);
		assert_ok(carry_fetch(c, into, l->ref, &far, &l->head));
		far = *carry_reached(c);
		assert_int_equal(seq_at(into, &far), ends[i]);
		assert_int_equal(repo_has(into, &l->head), i == 2);
		if (again) {
			carry_close(c);
			c = NULL;
		}
	}
	carry_close(c);
	free(path);
}

TEST(a_long_line_comes_in_parts_the_oldest_first)
{
	struct repo *in, *b = repo_at("b10"), *d = repo_at("d10");
	struct carry *c = hub_at("hub10");
	struct line l = line_in_hub("hub10", &in), m = line_new(in,
	    "refs/heads/main");

	for (int i = 0; i < 45; i++) {
		line_grow(&l, 1, 600);
		line_merge(&m, &l, 1);
	}
	three_parts("hub10", b, &l, false);
	three_parts("hub10", b, &m, false);
	three_parts("hub10", d, &l, true);
	three_parts("hub10", d, &m, true);
	carry_close(c);
	repo_close(in);
	repo_close(b);
	repo_close(d);
}

TEST(parts_are_bounded_by_bytes_too)
{
	struct repo *in, *b = repo_at("b11");
	struct carry *c = hub_at("hub11");
	struct line l = line_in_hub("hub11", &in);

	/* Two of them with their commits and trees fit, three do not. */
	line_grow(&l, 9, 100000);
	carry_bound(c, 100, 250000);
	assert_int_equal(parts(c, b, &l, &nothing), 5);
	line_grow(&l, 1, 300000);
	assert_fault(FAULT_FORMAT, carry_fetch(c, b, l.ref,
	    &l.last.parents[0], &l.head));
	assert_int_equal(carry_why(c), FIND_OVERSIZED);
	carry_close(c);
	repo_close(in);
	repo_close(b);
}

static void
assert_blob(struct repo *r, const struct oid *oid, struct bytes is, size_t max)
{
	struct buf b = BUF_EMPTY;

	assert_ok(repo_read(&b, r, oid, OBJECT_BLOB, max));
	assert_int_equal(b.len, is.len);
	assert_memory_equal(b.at, is.at, is.len);
	buf_clear(&b);
	assert_fault(FAULT_FORMAT, repo_read(&b, r, oid, OBJECT_BLOB,
	    WIRE_SEGMENT_MAX));
	buf_free(&b);
}

TEST(only_a_keyring_may_be_larger_than_a_segment)
{
	struct repo *in, *b = repo_at("b12"), *d;
	struct carry *c = hub_at("hub12"), *other = hub_at("hub12b");
	struct line l = line_in_hub("hub12", &in), k = line_new(in,
	    "refs/heads/keyring/1"), own;
	struct bytes big = { mem_new(WIRE_KEYRING_MAX + 1), 3u << 20 };
	struct hash seg = hash_of(big);
	struct oid blob, over;
	char *path = at("hub12b");

	assert_int_equal(ref_blob_max(l.ref), WIRE_SEGMENT_MAX);
	assert_int_equal(ref_blob_max("refs/heads/roster"), WIRE_SEGMENT_MAX);
	assert_int_equal(ref_blob_max(k.ref), WIRE_KEYRING_MAX);
	assert_fault(FAULT_INVALID, repo_write_blob(&over, in, (struct bytes){
	    big.at, WIRE_KEYRING_MAX + 1 }, WIRE_KEYRING_MAX));
	assert_ok(repo_write_blob(&blob, in, big, WIRE_KEYRING_MAX));
	line_entry(&k, &blob, &seg);
	line_entry(&l, &blob, &seg);
	assert_over(c, b, &l);
	assert_ok(carry_fetch(c, b, k.ref, &nothing, &k.head));
	assert_blob(in, &blob, big, WIRE_KEYRING_MAX);	/* loose */
	assert_blob(b, &blob, big, WIRE_KEYRING_MAX);	/* in a pack */
	/* And given on to another hub. */
	own = k;
	own.repo = b;
	push_line(other, &own, NULL);
	assert_ok(repo_open(&d, path));
	assert_blob(d, &blob, big, WIRE_KEYRING_MAX);
	free((void *)(uintptr_t)big.at);
	free(path);
	carry_close(c);
	carry_close(other);
	repo_close(in);
	repo_close(b);
	repo_close(d);
}

TEST(a_missing_or_damaged_part_is_corrupt_and_nothing_is_copied)
{
	struct repo *in, *b = repo_at("b7");
	struct carry *c = hub_at("hub7");
	struct line l = line_in_hub("hub7", &in);
	struct tree_entry *e;
	size_t n;
	char hex[41], out[256];

	line_grow(&l, 3, 600);
	assert_ok(repo_read_tree(&e, &n, in, &l.last.tree, 1));
	oid_hex(hex, &e[0].blob);
	free(e);
	run(out, "f=hub7/objects/%.2s/%s; chmod +w $f; cp $f save; "
	    "printf X | dd of=$f bs=1 seek=90 conv=notrunc 2>&1", hex, hex + 2);
	assert_fault(FAULT_FORMAT, carry_fetch(c, b, l.ref, &nothing, &l.head));
	assert_int_equal(carry_why(c), FIND_CORRUPT);
	run(out, "rm hub7/objects/%.2s/%s", hex, hex + 2);
	assert_fault(FAULT_FORMAT, carry_fetch(c, b, l.ref, &nothing, &l.head));
	assert_int_equal(carry_why(c), FIND_CORRUPT);
	assert_int_equal(number("find b7/objects -type f | wc -l"), 0);
	run(out, "mv save hub7/objects/%.2s/%s", hex, hex + 2);
	assert_ok(carry_fetch(c, b, l.ref, &nothing, &l.head));
	carry_close(c);
	repo_close(in);
	repo_close(b);
}

TEST(what_is_not_of_our_form_is_brought_for_the_verifier_to_name)
{
	struct repo *in, *b = repo_at("b8");
	struct carry *c = hub_at("hub8");
	struct line l = line_in_hub("hub8", &in);
	struct oid odd, tree;
	struct commit next;
	struct buf raw = BUF_EMPTY;

	line_grow(&l, 2, 600);
	assert_ok(repo_write(&odd, in, OBJECT_COMMIT, bytes_of("tree x\n")));
	assert_ok(carry_fetch(c, b, l.ref, &l.head, &odd));
	assert_true(repo_has(b, &odd));
	/* A tree with a folder in it. */
	buf_add(&raw, "40000 a\0....................", 28);
	assert_ok(repo_write(&tree, in, OBJECT_TREE, buf_view(&raw)));
	next = line_next(&l);
	next.tree = tree;
	next.seg = l.last.seg;
	line_sign(&l, &next);
	assert_ok(carry_fetch(c, b, l.ref, &nothing, &l.head));
	assert_true(repo_has(b, &tree));
	buf_free(&raw);
	carry_close(c);
	repo_close(in);
	repo_close(b);
}

/* ---- hubs that refuse --------------------------------------------------- */

TEST(a_hub_that_went_away_is_no_damage)
{
	struct repo *a = repo_at("a9"), *b = repo_at("b9");
	struct carry *c = hub_at("hub9");
	struct line l = line_device(a, 1);
	struct push p;
	char out[256], *path = at("hub9");

	line_grow(&l, 2, 600);
	push_line(c, &l, NULL);
	carry_close(c);
	assert_ok(carry_open(&c, path, NULL));
	assert_int_equal(run(out, "mv hub9 pulled"), 0);
	assert_fault(FAULT_HUB, carry_fetch(c, b, l.ref, &nothing, &l.head));
	line_grow(&l, 1, 600);
	p = push_of(&l, NULL);
	assert_fault(FAULT_HUB, carry_push(c, a, &p, 1));
	carry_close(c);
	assert_fault(FAULT_HUB, carry_open(&c, path, NULL));
	free(path);
	repo_close(a);
	repo_close(b);
}

/* In a child with mounts of its own; 77: this machine does not let us. */
static int
apart(int (*what)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == 0) {
		if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 :
		    CLONE_NEWUSER)) != 0 || mount(NULL, "/", NULL,
		    MS_REC | MS_PRIVATE, NULL) != 0)
			_exit(77);
		_exit(what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		print_message("# SKIP: no mounts here\n");
	return WEXITSTATUS(status) == 77 ? 0 : WEXITSTATUS(status);
}

static fault
push_two(const char *hub, struct line *l, struct push p[2])
{
	struct carry *c;
	fault f = carry_open(&c, hub, NULL);

	if (f != NULL)
		return f;
	p[0] = push_of(&l[0], NULL);
	p[1] = push_of(&l[1], NULL);
	f = carry_push(c, l[0].repo, p, 2);
	carry_close(c);
	return f;
}

static int
read_only(void)
{
	struct repo *a = repo_at("a10");
	struct line l[2] = { line_device(a, 1), line_device(a, 2) };
	struct push p[2];
	char *hub = at("hub10"), out[256];
	fault f;

	line_grow(&l[0], 1, 600);
	line_grow(&l[1], 1, 600);
	assert_ok(hub_create(hub));
	run(out, "cp -r hub10 before");
	if (mount(hub, hub, NULL, MS_BIND, NULL) != 0 || mount(NULL, hub, NULL,
	    MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) != 0)
		return 77;
	f = push_two(hub, l, p);
	if (f == NULL || f->code != FAULT_HUB ||
	    strstr(f->text, "read-only") == NULL)
		return 1;
	if (run(out, "diff -r before hub10") != 0)
		return 2;
	umount(hub);
	return push_two(hub, l, p) == NULL && p[0].result == NULL ? 0 : 3;
}

TEST(a_read_only_hub_says_so_and_nothing_half_moves)
{
	assert_int_equal(apart(read_only), 0);
}

/* Every size between nothing and enough: never half, always again. */
static int
full(void)
{
	struct repo *a = repo_at("a11");
	struct line l[2] = { line_device(a, 1), line_device(a, 2) };
	struct push p[2];
	char *stick = at("stick"), *hub = at("stick/hub"), size[32], out[256];
	int refused = 0;
	fault f;

	line_grow(&l[0], 2, 60000);
	line_grow(&l[1], 2, 60000);
	assert_ok(file_mkdir(stick, 0700));
	for (int pages = 1; pages < 80; pages += pages < 6 ? 1 : 4) {
		snprintf(size, sizeof size, "size=%dk", pages * 4);
		if (mount("t", stick, "tmpfs", 0, size) != 0)
			return 77;
		f = hub_create(hub);
		if (f == NULL)
			f = push_two(hub, l, p);
		if (f != NULL && (f->code != FAULT_HUB ||
		    strstr(f->text, "full") == NULL))
			return 1;
		refused += f != NULL;
		if (f != NULL && leftovers("stick") != 0)
			return 2;
		/* Space returns. */
		if (mount(NULL, stick, NULL, MS_REMOUNT, "size=4m") != 0)
			return 77;
		if (f != NULL && (hub_create(hub) != NULL ||
		    push_two(hub, l, p) != NULL))
			return 3;
		if (run(out, "git --git-dir=stick/hub fsck --full --strict "
		    "--no-dangling 2>&1 && test 2 = $(git --git-dir=stick/hub "
		    "for-each-ref | wc -l)") != 0)
			return 4;
		umount(stick);
	}
	return refused > 8 ? 0 : 5;
}

TEST(a_full_stick_says_so_loses_nothing_and_goes_on_later)
{
	assert_int_equal(apart(full), 0);
}

int
main(void)
{
	int failed;

	if (!scratch_make() || secret_start() != NULL)
		return 1;
	failed = RUN(
	    T(only_folders_are_addresses_yet),
	    T(a_hub_is_found_under_each_spelling_of_its_path),
	    T(a_folder_with_other_things_is_not_touched),
	    T(a_hub_whose_making_was_cut_short_is_finished),
	    T(what_is_new_takes_mode_and_group_of_the_folder_and_not_our_umask),
	    T(what_one_pushes_another_fetches_and_stock_git_clones),
	    T(nothing_is_copied_twice),
	    T(a_lost_race_is_told_and_the_other_refs_go_on),
	    T(strangers_are_counted_and_old_keyrings_do_not_count),
	    T(what_is_larger_than_allowed_is_not_fetched),
	    T(more_steps_at_once_than_allowed_are_fetched_in_parts),
	    T(a_long_line_comes_in_parts_the_oldest_first),
	    T(parts_are_bounded_by_bytes_too),
	    T(only_a_keyring_may_be_larger_than_a_segment),
	    T(a_missing_or_damaged_part_is_corrupt_and_nothing_is_copied),
	    T(what_is_not_of_our_form_is_brought_for_the_verifier_to_name),
	    T(a_hub_that_went_away_is_no_damage),
	    T(a_read_only_hub_says_so_and_nothing_half_moves),
	    T(a_full_stick_says_so_loses_nothing_and_goes_on_later));
	if (!scratch_remove())
		failed++;
	return failed;
}
