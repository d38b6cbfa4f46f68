#include "fieldkit/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "sync/base/lang.h"

#define FIRST_MS 500
#define TERMINAL_MS 100
#define ELSEWHERE_MS 10000
#define WIDTH 30

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
progress_begin(struct progress_bar *p, const char *what)
{
	*p = (struct progress_bar){ .what = what, .began = now_ms() };
	p->shown = p->began;
}

static void
draw(const struct progress_bar *p, size_t done, size_t total)
{
	size_t full = total == 0 ? 0 : done * WIDTH / total;
	char bar[WIDTH + 1];

	for (size_t i = 0; i < WIDTH; i++)
		bar[i] = i < full ? '#' : '.';
	bar[WIDTH] = '\0';
	if (total == 0)
		fprintf(stderr, "\r%s %zu ", say(p->what), done);
	else
		fprintf(stderr, "\r%s [%s] %zu/%zu ", say(p->what), bar, done,
		    total);
	fflush(stderr);
}

void
progress_step(struct progress_bar *p, size_t done, size_t total)
{
	uint64_t now = now_ms();

	if (isatty(STDERR_FILENO)) {
		if (now - p->began < FIRST_MS || now - p->shown < TERMINAL_MS)
			return;
		p->drawn = true;
		draw(p, done, total);
	} else {
		if (now - p->shown < ELSEWHERE_MS)
			return;
		fprintf(stderr, "fieldkit: %s: %zu/%zu\n", say(p->what), done,
		    total);
	}
	p->shown = now;
}

void
progress_end(struct progress_bar *p)
{
	/* Wipe the line: the answer stands there next. */
	if (p->drawn)
		fprintf(stderr, "\r%*s\r", 78, "");
	p->drawn = false;
}
