/*
 * cases_damage -- B9: 200 hubs damaged by chance, each met by a device that
 * lacks what is there.  An error or nothing; never a crash, a wrong object
 * taken, or memory and time without bound.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/base/file.h"
#include "tests/sim/cases.h"
#include "tests/sim/check.h"
#include "tests/sim/device.h"
#include "tests/sim/hub.h"

#ifdef SANITIZED
#define DAMAGES 40
#else
#define DAMAGES 200
#endif
#define RSS_MAX_KIB (256 * 1024)
#define CPU_MAX_S 30
#define HUB "h0.0"

enum damage {
	CUT_PACK, FLIP_PACK, FLIP_INDEX, NO_PACK, NO_INDEX, SWAPPED_INDEX,
	LOOSE_GARBAGE, PACK_GARBAGE, REF_GARBAGE, REF_DOTS, REF_CASE, REF_DIR,
	REF_MANY, PACKED_GARBAGE, LINKED, CONFIGURED, HEADLESS, DAMAGE_KINDS
};

/* ---- files of a hub ----------------------------------------------------- */

static int
visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* Some file of objects/pack that ends so; false if there is none. */
static bool
some_file(char to[300], struct world *w, const char *end)
{
	struct dirent **names = NULL;
	int n = scandir(HUB "/objects/pack", &names, visible, alphasort);
	int first = n > 0 ? (int)dice_below(&w->dice, (unsigned)n) : 0;

	to[0] = '\0';
	for (int i = 0; i < n; i++) {
		const char *name = names[(first + i) % n]->d_name;
		size_t len = strlen(name);

		if (to[0] == '\0' && len > strlen(end) &&
		    strcmp(name + len - strlen(end), end) == 0)
			snprintf(to, 300, HUB "/objects/pack/%s", name);
	}
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return to[0] != '\0';
}

static void
put_bytes(struct world *w, const char *path, struct bytes b)
{
	int fd;

	(void)chmod(path, 0600);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(w, fd >= 0 && write(fd, b.at, b.len) == (ssize_t)b.len, path);
	if (fd >= 0)
		close(fd);
}

static void
put_noise(struct world *w, const char *path, size_t n)
{
	struct buf b = BUF_EMPTY;
	uint8_t *at = buf_room(&b, n);

	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)dice_next(&w->dice);
	b.len = n;
	put_bytes(w, path, buf_view(&b));
	buf_free(&b);
}

static void
cut_or_flip(struct world *w, const char *end, bool cut)
{
	struct buf b = BUF_EMPTY;
	char path[300];

	if (!some_file(path, w, end))
		return;
	must_work(w, file_read(&b, path, 64u << 20));
	if (cut)
		b.len = dice_below(&w->dice, (unsigned)b.len);
	else
		b.at[dice_below(&w->dice, (unsigned)b.len)] ^=
		    (uint8_t)(1u << dice_below(&w->dice, 8));
	put_bytes(w, path, buf_view(&b));
	buf_free(&b);
}

static void
remove_some(struct world *w, const char *end)
{
	char path[300];

	if (some_file(path, w, end))
		unlink(path);
}

static void
swap_indexes(struct world *w)
{
	char a[300], b[300];

	if (some_file(a, w, ".idx") && some_file(b, w, ".idx") &&
	    strcmp(a, b) != 0)
		must(w, rename(a, "swap") == 0 && rename(b, a) == 0 &&
		    rename("swap", b) == 0, "cannot swap");
}

static void
loose_garbage(struct world *w)
{
	static const char *const names[] = {
		"00112233445566778899aabbccddeeff001122", "short", "x.tmp" };
	char path[300];

	(void)mkdir(HUB "/objects/ab", 0700);
	snprintf(path, sizeof path, HUB "/objects/ab/%s",
	    names[dice_below(&w->dice, 3)]);
	put_noise(w, path, dice_below(&w->dice, 3000));
}

/* A pack that says it has four thousand million objects. */
static void
pack_garbage(struct world *w)
{
	static const char *const stem = HUB "/objects/pack/"
	    "pack-00112233445566778899aabbccddeeff00112233";
	static const uint8_t head[] = { 'P', 'A', 'C', 'K', 0, 0, 0, 2, 0xff,
	    0xff, 0xff, 0xff, 0x7f, 0xff, 0xff };
	char path[300];

	snprintf(path, sizeof path, "%s.pack", stem);
	put_bytes(w, path, (struct bytes){ head, sizeof head });
	snprintf(path, sizeof path, "%s.idx", stem);
	put_noise(w, path, 1032 + dice_below(&w->dice, 4000));
}

/* ---- refs --------------------------------------------------------------- */

static void
some_ref(char to[300], struct world *w)
{
	char ref[REF_MAX];

	model_ref(ref, &w->model, (int)dice_below(&w->dice, CHAINS));
	snprintf(to, 300, HUB "/%s", ref);
}

static void
ref_upper(struct world *w)
{
	char path[300], hex[41];
	struct oid oid = model_at(&w->model, 3, w->model.head[3]);

	some_ref(path, w);
	for (char *c = strrchr(path, '/'); *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	oid_hex(hex, &oid);
	put_bytes(w, path, bytes_of(hex));
}

static void
ref_dots(struct world *w)
{
	static const char *const names[] = { "a..b", "..hidden", "x.lock",
	    "device/..", "a b", "-dash", "device/\xff\xfe" };
	char path[300];

	snprintf(path, sizeof path, HUB "/refs/heads/%s",
	    names[dice_below(&w->dice, 7)]);
	if (strcmp(strrchr(path, '/'), "/..") != 0)
		put_noise(w, path, 41);
}

static void
ref_many(struct world *w, unsigned n)
{
	char path[300], hex[41];
	struct oid oid = model_at(&w->model, 1, w->model.head[1]);
	struct id id = { { 0xee } };

	oid_hex(hex, &oid);
	for (unsigned i = 0; i < n; i++) {
		char ref[REF_MAX];

		memcpy(id.b + 4, &i, sizeof i);
		ref_device(ref, &id);
		snprintf(path, sizeof path, HUB "/%s", ref);
		put_bytes(w, path, bytes_of(hex));
	}
}

/* A folder where a branch was. */
static void
ref_dir(struct world *w)
{
	char path[300];

	some_ref(path, w);
	unlink(path);
	(void)mkdir(path, 0700);
}

static void
damage(struct world *w, enum damage k, unsigned i)
{
	char path[300];

	switch (k) {
	case CUT_PACK:
	case FLIP_PACK:
		cut_or_flip(w, ".pack", k == CUT_PACK);
		break;
	case FLIP_INDEX:
		cut_or_flip(w, ".idx", false);
		break;
	case NO_PACK:
	case NO_INDEX:
		remove_some(w, k == NO_PACK ? ".pack" : ".idx");
		break;
	case SWAPPED_INDEX:
		swap_indexes(w);
		break;
	case LOOSE_GARBAGE:
		loose_garbage(w);
		break;
	case PACK_GARBAGE:
		pack_garbage(w);
		break;
	case REF_GARBAGE:
		some_ref(path, w);
		put_noise(w, path, dice_below(&w->dice, 100000));
		break;
	case REF_DOTS:
		ref_dots(w);
		break;
	case REF_CASE:
		ref_upper(w);
		break;
	case REF_DIR:
		ref_dir(w);
		break;
	case REF_MANY:
		ref_many(w, i < DAMAGE_KINDS ? 100000 : 600);
		break;
	case PACKED_GARBAGE:
		put_noise(w, HUB "/packed-refs", 100000);
		break;
	case LINKED:
		must(w, symlink("/etc", HUB "/objects/cd") == 0, "symlink");
		break;
	case CONFIGURED:
		put_bytes(w, HUB "/config", bytes_of("[core]\n\tfsmonitor = "
		    "touch /tmp/never\n"));
		break;
	default:
		put_noise(w, HUB "/HEAD", 200);
	}
}

/* ---- the victim --------------------------------------------------------- */

/* In a child: it may use memory and time as it likes, and is measured. */
static void
meet(struct world *w)
{
	struct exchange_report r;
	struct device *d = &w->devices[2];
	fault f;

	must_work(w, device_open(d));
	if (w->wrong[0] == '\0' && (f = hub_show(&w->hubs[0], 2)) == NULL) {
		f = exchange_sync(&d->home, "h0", &r);
		trace(w, "fault %d, %zu findings", f == NULL ? 0 :
		    (int)f->code, r.findings.n);
		exchange_report_free(&r);
		must_work(w, hub_hide(&w->hubs[0], 2));
		must_work(w, check_device(w, 2, true));
	}
	device_close(d);
	if (w->wrong[0] != '\0')
		printf("# %s\n", w->wrong);
	fflush(stdout);
	_exit(w->wrong[0] != '\0');
}

static void
measure(struct world *w, enum damage k)
{
	struct rusage used;
	char what[100];
	int status;
	pid_t child;

	fflush(stdout);
	if ((child = fork()) == 0)
		meet(w);
	snprintf(what, sizeof what, "damage of kind %d is not borne", (int)k);
	must(w, wait4(child, &status, 0, &used) == child &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 0, what);
	must(w, used.ru_utime.tv_sec + used.ru_stime.tv_sec < CPU_MAX_S,
	    "it took too long");
#ifndef SANITIZED
	must(w, used.ru_maxrss <= RSS_MAX_KIB, "it took too much memory");
#endif
}

static void
fsck(struct world *w)
{
	must(w, system("git --git-dir=d2/repo.git fsck --full >fsck 2>&1") ==
	    0, "its repository is damaged");
}

/* d2 lacks three commits of d1, in packs of their own. */
static void
prepare(struct world *w)
{
	in_step(w);
	for (int i = 0; i < 3; i++)
		writes(w, 1, 2, 0);
	device_close(&w->devices[2]);
	must_work(w, image_copy(HUB, "whole"));
	must_work(w, image_copy("d2", "victim"));
}

static void
two_hundred(struct world *w)
{
	prepare(w);
	for (unsigned i = 0; i < DAMAGES && w->wrong[0] == '\0'; i++) {
		enum damage k = (enum damage)(i % DAMAGE_KINDS);

		port_seed(w->seed, 1000001 + 2 * i);
		must_work(w, file_remove_tree(HUB));
		must_work(w, file_remove_tree("d2"));
		must_work(w, image_copy("whole", HUB));
		must_work(w, image_copy("victim", "d2"));
		damage(w, k, i);
		trace(w, "damage %d", (int)k);
		measure(w, k);
		fsck(w);
	}
	must_work(w, file_remove_tree("whole"));
	must_work(w, file_remove_tree("victim"));
}

/* A branch of d1 as stock git would make it, thousands of deltas deep. */
static void
write_stream(struct world *w)
{
	FILE *out = fopen("stream", "w");
	char ref[REF_MAX];

	must(w, out != NULL, "no stream");
	if (out == NULL)
		return;
	for (unsigned i = 1; i <= 4000; i++)
		fprintf(out, "blob\nmark :%u\ndata %u\n%0*d\n", i, 2000 + i,
		    (int)(2000 + i), 7);
	model_ref(ref, &w->model, 1);
	fprintf(out, "commit %s\ncommitter a <a@b> 1577836801 +0000\n"
	    "data 1\nx\nM 100644 :4000 a\n", ref);
	must(w, fclose(out) == 0, "no stream");
}

static void
plant_deltas(struct world *w)
{
	prepare(w);
	write_stream(w);
	must(w, system("git --git-dir=" HUB " fast-import --quiet --force "
	    "--depth=4000 <stream >fsck 2>&1") == 0, "git fast-import failed");
	unlink("stream");
	measure(w, DAMAGE_KINDS);
	must_work(w, file_remove_tree("whole"));
	must_work(w, file_remove_tree("victim"));
}

void
damage_strangers_commit(struct world *w)
{
	plant_deltas(w);
	fsck(w);
}

const struct one_case damage_cases[] = {
	{ "B9: damaged hubs by the hundred are borne", two_hundred },
	{ "B9: so is a chain of 4,000 deltas", plant_deltas },
	{ NULL, NULL },
};
