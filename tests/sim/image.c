#include "tests/sim/image.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fieldkit/cmd.h"
#include "sync/base/clock.h"
#include "sync/base/file.h"
#include "tests/sim/port.h"

#define FILE_MAX (64u << 20)
#define SEED 0x6b6974	/* of the image */

static fault
copy_file(const char *from, const char *to)
{
	struct buf b = BUF_EMPTY;
	fault f = file_read(&b, from, FILE_MAX);

	if (f == NULL) {
		int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);

		if (fd < 0 || write(fd, b.at, b.len) != (ssize_t)b.len)
			f = fault_errno(FAULT_FAIL, "cannot write %s", to);
		if (fd >= 0)
			close(fd);
	}
	buf_free(&b);
	return f;
}

static int
visible(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* In the order of names, so that a copy's folders are always built alike. */
fault
image_copy(const char *from, const char *to)
{
	struct dirent **names = NULL;
	struct stat st;
	fault f;
	int n;

	if (lstat(from, &st) != 0)
		return fault_errno(FAULT_FAIL, "cannot see %s", from);
	if (S_ISREG(st.st_mode))
		return copy_file(from, to);
	if ((f = file_mkdir(to, 0700)) != NULL)
		return f;
	n = scandir(from, &names, visible, alphasort);
	for (int i = 0; i < n; i++) {
		char *a = path_join(from, names[i]->d_name);
		char *b = path_join(to, names[i]->d_name);

		if (f == NULL)
			f = image_copy(a, b);
		free(a);
		free(b);
		free(names[i]);
	}
	free(names);
	return f;
}

/* ---- making it ---------------------------------------------------------- */

/* One command line, split at spaces ("_" is a space in a value). */
static fault
command(const char *line)
{
	char text[512], *words[32] = { (char *)(uintptr_t)"fieldkit" };
	char *save = NULL, *w;
	int n = 1, status = 0;
	fault f;

	snprintf(text, sizeof text, "%s", line);
	for (w = strtok_r(text, " ", &save); w != NULL;
	    w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	for (int i = 1; i < n; i++)
		for (char *c = words[i]; *c != '\0'; c++)
			*c = *c == '_' ? ' ' : *c;
	f = cmd_run(n, words, &status);
	if (f == NULL && status != 0)
		f = fault_new(FAULT_FAIL, "exit %d", status);
	return fault_while(f, "%s", line);
}

/* The code stands in the answer; by voice it goes into a file. */
static fault
keep_code(const char *answer, const char *code)
{
	struct buf b = BUF_EMPTY;
	fault f = file_read(&b, answer, 4096);
	char *at, *end;

	if (f == NULL) {
		at = strstr(buf_cstr(&b), "\"code\":");
		at = at == NULL ? NULL : strchr(at + 7, '"');
		end = at == NULL ? NULL : strchr(at + 1, '"');
		f = end == NULL ? fault_new(FAULT_FAIL, "no code") :
		    file_write(code, (struct bytes){ (uint8_t *)at + 1,
		    (size_t)(end - at - 1) }, 0600);
	}
	buf_free(&b);
	return f;
}

static fault
invite_and_join(int i)
{
	char line[256];
	fault f;

	snprintf(line, sizeof line, "invite --home image/d0 --name Worker%d "
	    "--role worker -o image/i%d --json", i, i);
	if (freopen("answer", "w", stdout) == NULL)
		return fault_errno(FAULT_FAIL, "answer");
	if ((f = command(line)) != NULL ||
	    (f = keep_code("answer", "image/code")) != NULL)
		return f;
	snprintf(line, sizeof line, "join image/i%d --home image/d%d "
	    "--code-file image/code", i, i);
	return command(line);
}

static fault
build(void)
{
	char line[256];
	fault f;

	if ((f = command("hub init h0")) != NULL ||
	    (f = command("hub init h1")) != NULL ||
	    (f = command("init --home image/d0 --project Lindemeer --name "
	    "Noor --hub h0 --practice")) != NULL ||
	    (f = command("sync --home image/d0")) != NULL)
		return f;
	for (int i = 1; i < DEVICES; i++) {
		if ((f = invite_and_join(i)) != NULL)
			return f;
		if (i == DEVICES - 1)
			break;
		snprintf(line, sizeof line, "sync --home image/d%d", i);
		if ((f = command(line)) != NULL)
			return f;
	}
	return command("merge --home image/d0");
}

/* Somebody else's project, of which a hub may show us a branch. */
static fault
build_foreign(void)
{
	fault f;

	if ((f = command("hub init image/foreign")) != NULL ||
	    (f = command("init --home image/other --project Elsewhere --name "
	    "Eve --hub image/foreign --practice")) != NULL ||
	    (f = command("add observation date=2026-09-01 narrative=other "
	    "--home image/other")) != NULL)
		return f;
	return command("sync --home image/other");
}

/* What commands say is nobody's business here: answers and banners go into
 * files meanwhile. */
static fault
hush(int saved[2])
{
	fflush(stdout);
	fflush(stderr);
	saved[0] = dup(STDOUT_FILENO);
	saved[1] = dup(STDERR_FILENO);
	if (freopen("answer", "w", stdout) == NULL ||
	    freopen("notes", "w", stderr) == NULL)
		return fault_errno(FAULT_FAIL, "cannot turn the output away");
	return NULL;
}

static void
speak(const int saved[2])
{
	fflush(stdout);
	fflush(stderr);
	dup2(saved[0], STDOUT_FILENO);
	dup2(saved[1], STDERR_FILENO);
	close(saved[0]);
	close(saved[1]);
}

fault
image_command(const char *line)
{
	int saved[2];
	fault f;

	if ((f = file_write("pass", bytes_of("practice"), 0600)) == NULL &&
	    (f = hush(saved)) == NULL) {
		f = command(line);
		speak(saved);
	}
	return f;
}

fault
image_make(void)
{
	int saved[2];
	fault f;

	port_seed(SEED, 0);
	clock_set(IMAGE_CLOCK);
	setenv("FIELDKIT_PASSPHRASE_FILE", "pass", 1);
	if ((f = file_write("pass", bytes_of("practice"), 0600)) != NULL ||
	    (f = file_mkdir("image", 0700)) != NULL ||
	    (f = hush(saved)) != NULL)
		return f;
	f = build();
	if (f == NULL)
		f = build_foreign();
	for (int i = 0; f == NULL && i < HUBS; i++)
		f = rename(i == 0 ? "h0" : "h1", i == 0 ? "image/h0" :
		    "image/h1") == 0 ? NULL :
		    fault_errno(FAULT_FAIL, "cannot move a hub");
	speak(saved);
	return f;
}
