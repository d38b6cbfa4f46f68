/*
 * Many at once on one hub, and many that are killed.
 */
#include "tests/unit/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/lines.h"

#define DEVICES 12
#define ROUNDS 3

static void
assert_sound(const char *hub)
{
	char out[256];

	if (run(out, "git --git-dir=%s fsck --full --strict --no-dangling "
	    "2>&1", hub) != 0)
		fail_msg("%s: git fsck: %s", hub, out);
}

/* The roster as the hub shows it now, fetched. */
static struct line
shared_now(struct carry *c, struct repo *r)
{
	struct line l = line_new(r, "refs/heads/roster");
	struct buf raw = BUF_EMPTY;
	struct repo_ref *refs;
	size_t n, foreign;

	assert_ok(carry_refs(&refs, &n, &foreign, c));
	for (size_t i = 0; i < n; i++)
		if (strcmp(refs[i].name, l.ref) == 0)
			l.head = refs[i].oid;
	free(refs);
	if (oid_zero(&l.head))
		return l;
	assert_ok(carry_fetch(c, r, l.ref, &nothing, &l.head));
	assert_ok(repo_read(&raw, r, &l.head, OBJECT_COMMIT, WIRE_COMMIT_MAX));
	assert_ok(commit_parse(&l.last, buf_view(&raw)));
	buf_free(&raw);
	return l;
}

/* One more entry: its author's name. */
static void
shared_add(struct line *l, const char *name)
{
	struct commit c = line_next(l);
	struct tree_entry e = { "roster.seg", { { 0 } } };

	c.roster_seq = c.seq - 1;
	if (c.seq == 1) {
		memset(&c.genesis, 0, sizeof c.genesis);
		memset(&c.roster_hash, 0, sizeof c.roster_hash);
	}
	assert_ok(repo_write(&e.blob, l->repo, OBJECT_BLOB, bytes_of(name)));
	assert_ok(repo_write_tree(&c.tree, l->repo, &e, 1));
	c.seg = hash_of(bytes_of(name));
	line_sign(l, &c);
}

/* Push own branch and a roster entry; true if the entry was first. */
static bool
push_both(struct line *own, struct oid *before, const char *name,
    const char *hub)
{
	char *locks = at("many.locks");
	struct line shared;
	struct carry *c;
	struct push p[2];
	struct oid seen;

	assert_ok(carry_open(&c, hub, locks));
	shared = shared_now(c, own->repo);
	seen = shared.head;
	shared_add(&shared, name);
	p[0] = push_of(own, before);
	p[1] = push_of(&shared, &seen);
	assert_ok(carry_push(c, own->repo, p, 2));
	/* Nobody else moves our branch. */
	assert_ok(p[0].result);
	*before = own->head;
	if (p[1].result != NULL)
		assert_fault(FAULT_RACE, p[1].result);
	carry_close(c);
	free(locks);
	return p[1].result == NULL;
}

static void
take_part(uint8_t who, const char *hub)
{
	char name[32];
	struct line own;
	struct oid before = nothing;

	snprintf(name, sizeof name, "r%u", who);
	own = line_device(repo_at(name), who);
	for (int round = 0; round < ROUNDS; round++) {
		line_grow(&own, 2, 700);
		while (!push_both(&own, &before, name, hub))
			continue;
	}
	_exit(0);
}

TEST(twelve_push_at_once_and_nothing_is_lost)
{
	char *hub = at("hub"), out[256];
	int status, failed = 0;

	assert_ok(hub_create(hub));
	fflush(stdout);
	for (uint8_t i = 1; i <= DEVICES; i++)
		if (fork() == 0)
			take_part(i, hub);
	for (int i = 0; i < DEVICES; i++) {
		assert_true(wait(&status) > 0);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	for (unsigned i = 1; i <= DEVICES; i++)
		assert_int_equal(number("git --git-dir=hub rev-list --count "
		    "refs/heads/device/%02x%030x", i, 0), 2 * ROUNDS);
	assert_int_equal(number("git --git-dir=hub rev-list --count roster"),
	    DEVICES * ROUNDS);
	assert_sound("hub");
	assert_int_equal(leftovers("hub"), 0);
	assert_int_equal(run(out, "git clone -q --mirror hub clone"), 0);
	assert_sound("clone");
	free(hub);
}

/* 70 pushes consolidate at least once, under the eyes of readers. */
TEST(readers_are_not_disturbed_while_packs_are_consolidated)
{
	struct repo *r = repo_at("writer");
	struct line l = line_device(r, 1);
	struct carry *c = hub_at("busy"), *late;
	char *hub = at("busy");
	struct oid old;
	int status, done[2];
	char byte;

	line_grow(&l, 1, 600);
	push_line(c, &l, NULL);
	assert_int_equal(pipe(done), 0);
	fflush(stdout);
	if (fork() == 0) {
		close(done[0]);
		for (int i = 0; i < 70; i++) {
			old = l.head;
			line_grow(&l, 1, 600);
			push_line(c, &l, &old);
		}
		_exit(0);
	}
	close(done[1]);
	assert_ok(carry_open(&late, hub, NULL));
	for (int i = 0; waitpid(-1, &status, WNOHANG) == 0; i++) {
		char name[32];
		struct repo_ref *refs;
		struct repo *into;
		size_t n, foreign;

		snprintf(name, sizeof name, "reader%d", i);
		into = repo_at(name);
		assert_ok(carry_refs(&refs, &n, &foreign, late));
		assert_ok(carry_fetch(late, into, l.ref, &nothing,
		    &refs[0].oid));
		free(refs);
		repo_close(into);
	}
	assert_int_equal(status, 0);
	assert_int_equal(read(done[0], &byte, 1), 0);
	assert_in_range(number("ls busy/objects/pack/*.pack | wc -l"), 2, 64);
	assert_int_equal(number("git --git-dir=busy rev-list --count --all"),
	    71);
	assert_sound("busy");
	close(done[0]);
	carry_close(late);
	carry_close(c);
	repo_close(r);
	free(hub);
}

/* ---- kill -9 ------------------------------------------------------------ */

static long
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
child_push(const char *hub, const char *locks, struct push *p, struct repo *r)
{
	struct carry *c;

	if (carry_open(&c, hub, locks) != NULL ||
	    carry_push(c, r, p, 1) != NULL || p->result != NULL)
		_exit(1);
	carry_close(c);
	_exit(0);
}

/* What the next run of this device does: no wait for what the dead left. */
static void
push_again(const char *hub, const char *locks, struct line *l, struct push *p,
    const struct oid *old)
{
	struct carry *c;
	struct repo_ref *refs;
	size_t n, foreign;
	long start = now_us();

	assert_ok(carry_open(&c, hub, locks));
	assert_ok(carry_refs(&refs, &n, &foreign, c));
	/* Killed after the rename: it has arrived. */
	if (n == 1 && oid_eq(&refs[0].oid, &l->head)) {
		p->result = NULL;
	} else {
		assert_true(n == 0 ? oid_zero(old) : oid_eq(&refs[0].oid, old));
		assert_ok(carry_push(c, l->repo, p, 1));
	}
	assert_ok(p->result);
	free(refs);
	carry_close(c);
	assert_true(now_us() - start < 5000000);
}

TEST(a_push_killed_at_any_moment_leaves_a_sound_hub_and_goes_on)
{
	struct repo *r = repo_at("killed");
	struct line l = line_device(r, 1);
	char *hub = at("killhub"), *locks = at("kill.locks");
	int status, killed = 0, middle = 0;
	long whole = 20000, start;
	struct oid old;
	struct push p;
	pid_t pid;

	assert_ok(hub_create(hub));
	fflush(stdout);
	for (int i = 0; i < 90; i++) {
		old = l.head;
		line_grow(&l, 3, 30000);
		p = push_of(&l, &old);
		start = now_us();
		if ((pid = fork()) == 0)
			child_push(hub, locks, &p, r);
		if (i >= 5) {
			usleep((useconds_t)random_below((uint32_t)whole));
			kill(pid, SIGKILL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (i < 5)
			whole = (whole * 3 + now_us() - start) / 4;
		killed += WIFSIGNALED(status);
		middle += leftovers("killhub") > 0;
		if (i % 15 == 0)
			assert_sound("killhub");
		push_again(hub, locks, &l, &p, &old);
		assert_int_equal(leftovers("killhub"), 0);
	}
	print_message("# killed %d of 85, %d of them in the middle\n", killed,
	    middle);
	assert_true(killed >= 50);
	assert_true(middle >= 5);
	assert_sound("killhub");
	assert_int_equal(number("git --git-dir=killhub rev-list --count --all"),
	    270);
	free(hub);
	free(locks);
	repo_close(r);
}

int
main(void)
{
	int failed;

	if (!scratch_make() || secret_start() != NULL)
		return 1;
	failed = RUN(
	    T(twelve_push_at_once_and_nothing_is_lost),
	    T(readers_are_not_disturbed_while_packs_are_consolidated),
	    T(a_push_killed_at_any_moment_leaves_a_sound_hub_and_goes_on));
	if (!scratch_remove())
		failed++;
	return failed;
}
