/*
 * bench_run COMMAND... -- run it with its standard output thrown away, and
 * print its wall and processor time in ms, its greatest resident memory in
 * KiB, its exit code.  Small, so that its own memory does not count for the child's.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double
cpu_ms(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e3 +
	    (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e3;
}

int
main(int argc, char **argv)
{
	posix_spawn_file_actions_t fa;
	struct rusage used;
	double start;
	int status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_run COMMAND...\n");
		return 2;
	}
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, STDOUT_FILENO, "/dev/null",
	    O_WRONLY, 0);
	start = now_ms();
	if (posix_spawnp(&pid, argv[1], &fa, NULL, argv + 1, environ) != 0) {
		fprintf(stderr, "bench_run: cannot run %s\n", argv[1]);
		return 1;
	}
	if (wait4(pid, &status, 0, &used) != pid)
		return 1;
	printf("%.3f %.3f %ld %d\n", now_ms() - start, cpu_ms(&used),
	    used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128);
	return 0;
}
