/*
 * A hub that is broken, on purpose or not: an error or nothing, never a
 * crash, never more memory or time than a small machine has, and nothing
 * false in our own repository.
 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <zlib.h>

#include "sync/base/codec.h"
#include "sync/sha1.h"
#include "tests/unit/lines.h"

#define RSS_MAX_KIB (256 * 1024)

/* ---- one visit, in a process of its own --------------------------------- */

/* Fetch every branch that the hub shows into a fresh repository. */
static int
visit(const char *hub, const char *own)
{
	struct repo *r;
	struct carry *c;
	struct repo_ref *refs = NULL;
	size_t n = 0, foreign;
	int faults = 0;

	if (repo_create(own) != NULL || repo_open(&r, own) != NULL)
		return 100;
	if (carry_open(&c, hub, NULL) != NULL) {
		repo_close(r);
		return 1;
	}
	faults += carry_refs(&refs, &n, &foreign, c) != NULL;
	for (size_t i = 0; i < n; i++) {
		faults += carry_fetch(c, r, refs[i].name, &nothing,
		    &refs[i].oid) != NULL;
		/*
		 * What came is what a ref may name: git must agree.  main
		 * stands upon the devices, which come by their own refs.
		 */
		if (ref_kind(refs[i].name, NULL, NULL) == REF_MAIN &&
		    (faults > 0 || n < 3))
			continue;
		if (repo_has(r, &refs[i].oid) && repo_ref_move(r, refs[i].name,
		    NULL, &refs[i].oid) != NULL)
			return 101;
	}
	free(refs);
	carry_close(c);
	repo_close(r);
	return faults > 0 ? 1 : 0;
}

/* 0: all came; 1: faults.  Anything else fails the test. */
static int
survive(const char *hub, const char *what)
{
	char *path = at(hub), *own = at("victim"), out[256];
	struct rusage use;
	int status;
	pid_t pid;

	assert_ok(file_remove_tree(own));
	fflush(stdout);
	if ((pid = fork()) == 0) {
		alarm(30);
		_exit(visit(path, own));
	}
	assert_int_equal(wait4(pid, &status, 0, &use), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		fail_msg("%s: status %x", what, (unsigned)status);
#ifndef SANITIZED
	if (use.ru_maxrss > RSS_MAX_KIB)
		fail_msg("%s: %ld KiB", what, use.ru_maxrss);
#endif
	if (run(out, "git --git-dir=victim fsck --full --strict --no-dangling "
	    "2>&1") != 0)
		fail_msg("%s: own repository: %s", what, out);
	free(path);
	free(own);
	return WEXITSTATUS(status);
}

/* ---- 200 accidents ------------------------------------------------------ */

static char *files[512];
static size_t nfiles;

static int
see_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && nfiles < sizeof files / sizeof files[0])
		files[nfiles++] = mem_text(path);
	return 0;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Packs, loose objects, and a pack with deltas as stock git makes it. */
static void
make_victim_hub(void)
{
	struct repo *r = repo_at("author");
	struct carry *c = hub_at("good");
	struct line d[2] = { line_device(r, 1), line_device(r, 2) };
	struct line m = line_new(r, "refs/heads/main");
	uint8_t text[3000];
	struct oid old;
	char out[256];

	memset(text, 'x', sizeof text);
	for (int i = 0; i < 12; i++) {
		text[i] = 'a';
		line_add(&d[0], (struct bytes){ text, sizeof text });
	}
	push_line(c, &d[0], NULL);
	assert_int_equal(run(out, "git --git-dir=good repack -q -a -d -f "
	    "--depth=4000 --window=50; rm -rf good/objects/info/commit-graph"),
	    0);
	line_grow(&d[1], 3, 900);
	line_merge(&m, d, 2);
	push_line(c, &d[1], NULL);
	push_line(c, &m, NULL);
	old = d[1].head;
	line_grow(&d[1], 1, 900);
	push_line(c, &d[1], &old);
	/* The newest as loose objects. */
	assert_int_equal(run(out, "p=$(ls -t good/objects/pack/*.pack | head "
	    "-1); b=${p%%.pack}; mv $b.pack x.pack; rm -f $b.idx; "
	    "git --git-dir=good unpack-objects -q <x.pack"), 0);
	carry_close(c);
	repo_close(r);
}

static void
overwrite(const char *path, off_t where, const void *what, size_t len)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, what, len, where), (ssize_t)len);
	close(fd);
}

/* One accident to one file; the seed says which. */
static void
damage(const char *path, unsigned seed)
{
	uint8_t bytes[16], one;
	struct stat st;
	off_t where;
	int fd;

	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(stat(path, &st), 0);
	where = st.st_size == 0 ? 0 :
	    (off_t)((seed * 2654435761u) % (unsigned)st.st_size);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(seed * 31 + i * 17);
	switch (seed % 5) {
	case 0:
		assert_int_equal(truncate(path, where), 0);
		break;
	case 1:
	case 2:
		fd = open(path, O_RDONLY);
		assert_true(fd >= 0);
		one = 0;
		(void)!pread(fd, &one, 1, where);
		close(fd);
		one ^= (uint8_t)(1 << seed % 8);
		overwrite(path, where, &one, 1);
		break;
	case 3:
		overwrite(path, where, bytes, sizeof bytes);
		break;
	default:
		memset(bytes, 0xff, sizeof bytes);
		overwrite(path, where % 1100, bytes, sizeof bytes);
	}
}

TEST(two_hundred_accidents_are_errors_or_nothing)
{
	char out[256], what[32], *dir = at("hit");
	struct buf whole = BUF_EMPTY;
	int faults = 0;

	make_victim_hub();
	assert_int_equal(survive("good", "good"), 0);
	assert_int_equal(number("git --git-dir=victim rev-list --all --count"),
	    12 + 4 + 1);
	assert_int_equal(run(out, "cp -r good hit"), 0);
	assert_int_equal(nftw(dir, see_file, 16, FTW_PHYS), 0);
	qsort(files, nfiles, sizeof files[0], by_path);
	for (unsigned seed = 1; seed <= 200; seed++) {
		const char *path = files[(seed * 7919u) % nfiles];

		buf_clear(&whole);
		assert_ok(file_read(&whole, path, 1 << 20));
		damage(path, seed);
		snprintf(what, sizeof what, "accident %u", seed);
		faults += survive("hit", what);
		assert_ok(file_write(path, buf_view(&whole), 0600));
	}
	print_message("# %d of 200 were noticed\n", faults);
	assert_true(faults > 60);
	while (nfiles > 0)
		free(files[--nfiles]);
	buf_free(&whole);
	free(dir);
}

/* ---- on purpose --------------------------------------------------------- */

static void
add_entry(struct buf *pack, unsigned type, size_t len, const struct oid *base,
    struct bytes data)
{
	uLongf room = compressBound(data.len);
	uint8_t c = (uint8_t)(type << 4 | (len & 15));

	for (len >>= 4; len > 0; len >>= 7) {
		put_u8(pack, c | 0x80);
		c = len & 0x7f;
	}
	put_u8(pack, c);
	if (base != NULL)
		buf_add(pack, base->b, OID_LEN);
	assert_int_equal(compress2(buf_room(pack, room), &room, data.at,
	    data.len, 9), Z_OK);
	pack->len += room;
}

static void
add_sum(struct buf *b)
{
	struct sha1 s;
	uint8_t sum[SHA1_LEN];

	sha1_start(&s);
	sha1_add(&s, buf_view(b));
	sha1_end(sum, &s);
	buf_add(b, sum, sizeof sum);
}

/*
 * A blob of 1,000 zeros as a small delta upon a blob of len zeros: what is
 * asked for is small, what must be unpacked for it is not.
 */
static void
make_bomb(const char *hub, size_t len)
{
	struct repo *r = repo_at("bomber");
	struct buf pack = BUF_EMPTY, delta = BUF_EMPTY;
	uint8_t *zeros = mem_new(len), copy[] = { 0xb0, 0xe8, 0x03 };
	struct carry *c = hub_at(hub);
	struct line l = line_device(r, 1);
	struct sha1 s;
	struct oid base;
	char out[256], head[32], *path = at("bomb.pack");
	int n = snprintf(head, sizeof head, "blob %zu", len) + 1;

	sha1_start(&s);
	sha1_add(&s, (struct bytes){ (uint8_t *)head, (size_t)n });
	sha1_add(&s, (struct bytes){ zeros, len });
	sha1_end(base.b, &s);
	buf_add(&pack, "PACK\0\0\0\2\0\0\0\2", 12);
	add_entry(&pack, 3, len, NULL, (struct bytes){ zeros, len });
	put_uv(&delta, len);
	put_uv(&delta, 1000);
	buf_add(&delta, copy, sizeof copy);	/* 0x3e8 bytes from offset 0 */
	add_entry(&pack, 7, delta.len, &base, buf_view(&delta));
	add_sum(&pack);
	assert_ok(file_write(path, buf_view(&pack), 0600));

	line_add(&l, (struct bytes){ zeros, 1000 });
	push_line(c, &l, NULL);
	carry_close(c);
	/* The same objects, but the blob from the bomb. */
	assert_int_equal(run(out, "b=%s; mkdir l; mv $b/objects/pack/* l/; "
	    "for p in l/*.pack; do git --git-dir=$b unpack-objects -q <$p; "
	    "done; rm -r l; f=$(head -c 1000 /dev/zero | git hash-object "
	    "--stdin); rm -f $b/objects/$(echo $f | cut -c "
	    "1-2)/$(echo $f | cut -c 3-)", hub), 0);
	assert_int_equal(run(out, "mv bomb.pack %s/objects/pack/pack-"
	    "0123456789012345678901234567890123456789.pack; "
	    "git index-pack %s/objects/pack/*.pack 2>&1; "
	    "rm -f %s/objects/pack/*.rev", hub, hub, hub), 0);
	free(zeros);
	free(path);
	buf_free(&pack);
	buf_free(&delta);
	repo_close(r);
	assert_int_equal(run(out, "rm -rf bomber"), 0);
}

TEST(a_small_object_upon_a_huge_one_costs_bounded_memory)
{
	make_bomb("bomb1", 1 << 20);
	assert_int_equal(survive("bomb1", "1 MiB, as allowed"), 0);
	make_bomb("bomb2", (1 << 20) + 1);
	assert_int_equal(survive("bomb2", "a byte more"), 1);
	make_bomb("bomb200", 200 << 20);
	assert_int_equal(survive("bomb200", "200 MiB"), 1);
}

/* A pack of one object, named 11.., and an index that puts it at offset. */
static void
plant_pack(const struct buf *entry, uint32_t offset, bool odd_fan_out)
{
	struct buf pack = BUF_EMPTY, idx = BUF_EMPTY;
	char *to = at("liar2/objects/pack/pack-"
	    "0123456789012345678901234567890123456789.pack"), *dot;

	buf_add(&pack, "PACK\0\0\0\2\0\0\0\1", 12);
	buf_add(&pack, entry->at, entry->len);
	add_sum(&pack);
	buf_add(&idx, "\377tOc\0\0\0\2", 8);
	for (int i = 0; i < 256; i++)
		put_be32(&idx, i < 0x11 ? 0 : odd_fan_out ? 0x7fffffff - i : 1);
	for (int i = 0; i < OID_LEN; i++)
		put_u8(&idx, 0x11);
	put_be32(&idx, 0);
	put_be32(&idx, offset);
	buf_add(&idx, pack.at + pack.len - SHA1_LEN, SHA1_LEN);
	add_sum(&idx);
	assert_ok(file_write(to, buf_view(&pack), 0600));
	dot = strrchr(to, '.');
	strcpy(dot, ".idx");
	assert_ok(file_write(to, buf_view(&idx), 0600));
	free(to);
	buf_free(&pack);
	buf_free(&idx);
}

static void
assert_lie(const char *what, const struct buf *entry, uint32_t offset)
{
	plant_pack(entry, offset, false);
	assert_int_equal(survive("liar2", what), 1);
}

TEST(a_pack_that_lies_about_lengths_and_places_is_damage)
{
	static const struct {
		const char *what;
		unsigned type;
		size_t claimed;
	} lies[] = { { "too long", 1, 101 }, { "too short", 1, 99 },
	    { "huge", 1, (size_t)1 << 40 }, { "type 0", 0, 100 },
	    { "type 5", 5, 100 }, { "a tag", 4, 100 }, { "none", 1, 0 },
	    { "a blob", 3, 100 }, { "wrong name", 1, 100 } };
	struct oid self = { { 0 } };
	struct carry *c = hub_at("liar2");
	struct buf e = BUF_EMPTY;
	uint8_t body[100] = { 9 };
	char *ref = at("liar2/refs/heads/roster");

	carry_close(c);
	write_text(ref, "1111111111111111111111111111111111111111\n");
	memset(self.b, 0x11, sizeof self.b);
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		buf_clear(&e);
		add_entry(&e, lies[i].type, lies[i].claimed, NULL,
		    (struct bytes){ body, sizeof body });
		assert_lie(lies[i].what, &e, 12);
		e.len -= 8;
		assert_lie("its stream is cut", &e, 12);
	}
	buf_clear(&e);
	add_entry(&e, 7, sizeof body, &self, (struct bytes){ body,
	    sizeof body });
	assert_lie("a delta upon itself by name", &e, 12);
	buf_clear(&e);
	buf_add(&e, "\xe4\x06\0", 3);
	assert_lie("a delta upon itself by offset", &e, 12);
	buf_clear(&e);
	buf_add(&e, "\xe4\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11);
	assert_lie("a delta upon what is before the pack", &e, 12);
	buf_clear(&e);
	buf_add(&e, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11);
	assert_lie("a length that never ends", &e, 12);
	assert_lie("beyond the pack", &e, 5000);
	assert_lie("in the sum", &e, 25);
	assert_lie("large offset without a table", &e, 0x80000000);
	plant_pack(&e, 12, true);
	assert_int_equal(survive("liar2", "fan-out that falls"), 1);
	buf_free(&e);
	free(ref);
}

TEST(a_loose_object_that_claims_any_size_is_refused)
{
	static const char *const heads[] = { "blob 99999999999", "commit 8193",
	    "tree 18446744073709551615", "blob -1", "blob 1 1", "tag 5",
	    "commit 99999999999999999999999", "xyzzy 4", "" };
	struct buf z = BUF_EMPTY;
	struct carry *c = hub_at("liar");
	char *obj = at("liar/objects/11/11111111111111111111111111111111111111");
	char *dir = at("liar/objects/11"), *ref = at("liar/refs/heads/roster");
	uint8_t body[64];

	carry_close(c);
	assert_ok(file_mkdir(dir, 0700));
	write_text(ref, "1111111111111111111111111111111111111111\n");
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		uLongf room = compressBound(sizeof body);

		memset(body, 0, sizeof body);
		strcpy((char *)body, heads[i]);
		buf_clear(&z);
		assert_int_equal(compress2(buf_room(&z, room), &room, body,
		    sizeof body, 6), Z_OK);
		z.len = room;
		assert_ok(file_write(obj, buf_view(&z), 0600));
		assert_int_equal(survive("liar", heads[i]), 1);
	}
	buf_free(&z);
	free(obj);
	free(dir);
	free(ref);
}

TEST(a_hundred_thousand_refs_and_names_that_lead_out_are_soon_refused)
{
	struct carry *c = hub_at("refs");
	char out[256], *path = at("refs/packed-refs"), *above = at("x");
	FILE *f;

	carry_close(c);
	assert_non_null(f = fopen(path, "w"));
	for (int i = 0; i < 100000; i++)
		fprintf(f, "1111111111111111111111111111111111111111 "
		    "refs/heads/device/%032x\n", i);
	fclose(f);
	assert_int_equal(survive("refs", "100,000 packed refs"), 1);
	write_text(path, "1111111111111111111111111111111111111111 "
	    "refs/heads/../../../x\n1111111111111111111111111111111111111111 "
	    "refs/heads/device/..\n1111111111111111111111111111111111111111 "
	    "refs/heads/MAIN\n");
	assert_int_equal(survive("refs", "names"), 0);
	assert_false(file_exists(above));
	assert_int_equal(run(out, "cd refs/refs/heads; seq 100000 | xargs "
	    "touch"), 0);
	assert_int_equal(survive("refs", "100,000 loose refs"), 1);
	free(path);
	free(above);
}

/* ---- what is opened and run --------------------------------------------- */

/*
 * This program again, under strace, on one hub: it runs nothing and opens
 * nothing but the hub, its own repository and the system.
 */
static void
assert_keeps_to(const char *hub, const char *prepare)
{
	char out[256], self[256];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	assert_true(n > 0);
	self[n] = '\0';
	assert_int_equal(run(out, "rm -rf %s victim log; cp -r good %s; cd %s; "
	    "{ %s; } 2>&1", hub, hub, hub, prepare), 0);
	run(out, "LSAN_OPTIONS=detect_leaks=0 HOME=%s/home strace -f -qq -o log "
	    "-e trace=execve,execveat,open,openat,fork,vfork %s visit %s/%s "
	    "%s/victim 2>&1", scratch, self, scratch, hub, scratch);
	if (number("grep -c 'victim\\|%s' log || true", hub) == 0) {
		print_message("# SKIP: strace does not work here\n");
		return;
	}
	/* The first is the program itself. */
	assert_int_equal(number("grep -c 'exec\\|fork(' log"), 1);
	run(out, "grep 'open' log | grep -v ENOENT | grep -v '\"%s/%s\\|"
	    "\"%s/victim\\|\"/lib\\|\"/usr/lib\\|\"/etc/ld.so\\|\"/etc/ssl/\\|\"/etc/ssl/\\|\"/proc/\\|"
	    "\"/dev/\\|\"/sys/\\|\"/usr/share/\\|openat([0-9]' ", scratch, hub,
	    scratch);
	if (out[0] != '\0')
		fail_msg("%s: %s", prepare, out);
}

TEST(a_stick_made_to_lead_elsewhere_leads_nowhere)
{
	static const char *const tricks[] = {
	    "mkdir -p ../home; echo '[user] name = x' >../home/.gitconfig",
	    "printf '[include]\\n path = %s/evil\\n' $PWD/.. >>config",
	    "mkdir -p objects/info; echo $PWD/../author/objects "
	    ">objects/info/alternates",
	    "mkdir hooks; printf '#!/bin/sh\\n' >hooks/post-update; "
	    "chmod +x hooks/*",
	    "echo $PWD/../author >commondir",
	    "rm -r objects; ln -s $PWD/../author/objects objects",
	    "printf '[core]\\n fsmonitor = /bin/false\\n' >>config",
	    "rm HEAD; ln -s $PWD/../author/HEAD HEAD" };
	char out[256];

	if (run(out, "command -v strace") != 0) {
		print_message("# SKIP: no strace\n");
		return;
	}
	for (size_t i = 0; i < sizeof tricks / sizeof tricks[0]; i++)
		assert_keeps_to("trick", tricks[i]);
}

int
main(int argc, char **argv)
{
	int failed;

	if (argc == 4 && strcmp(argv[1], "visit") == 0)
		return visit(argv[2], argv[3]);
	if (!scratch_make() || secret_start() != NULL)
		return 1;
	failed = RUN(
	    T(two_hundred_accidents_are_errors_or_nothing),
	    T(a_small_object_upon_a_huge_one_costs_bounded_memory),
	    T(a_pack_that_lies_about_lengths_and_places_is_damage),
	    T(a_loose_object_that_claims_any_size_is_refused),
	    T(a_hundred_thousand_refs_and_names_that_lead_out_are_soon_refused),
	    T(a_stick_made_to_lead_elsewhere_leads_nowhere));
	if (!scratch_remove())
		failed++;
	return failed;
}
