#include "fieldkit/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "sync/base/lang.h"
#include "sync/base/secret.h"

void
secret_line_free(struct secret_line *l)
{
	secret_free(l->at, TERM_LINE);
	*l = (struct secret_line){ NULL, 0 };
}

/* Byte by byte: nothing behind the line may be taken from a script. */
fault
secret_line_fd(struct secret_line *l, int fd)
{
	uint8_t *to = secret_new(TERM_LINE);
	size_t len = 0;
	ssize_t n = 0;

	while (len < TERM_LINE) {
		n = read(fd, to + len, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || to[len] == '\n')
			break;
		len++;
	}
	if (n < 0 || len == TERM_LINE) {
		secret_free(to, TERM_LINE);
		return n < 0 ? fault_errno(FAULT_LOCKED,
		    "cannot read the passphrase or code") :
		    fault_new(FAULT_LOCKED, "the passphrase or code is longer "
		    "than %d bytes", TERM_LINE - 1);
	}
	if (len > 0 && to[len - 1] == '\r')
		len--;
	*l = (struct secret_line){ to, len };
	return NULL;
}

fault
secret_line_file(struct secret_line *l, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	fault f;

	if (fd < 0)
		return fault_errno(FAULT_LOCKED, "cannot open %s", path);
	f = secret_line_fd(l, fd);
	close(fd);
	return fault_while(f, "%s", path);
}

static int
open_tty(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool
term_there(void)
{
	int fd = open_tty();

	if (fd < 0)
		return false;
	close(fd);
	return isatty(STDIN_FILENO) || isatty(STDERR_FILENO);
}

static void
put(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		return;
}

fault
term_secret(struct secret_line *l, const char *prompt)
{
	struct termios old, quiet;
	int fd = term_there() ? open_tty() : -1;
	fault f;

	if (fd < 0)
		return fault_new(FAULT_LOCKED, "a passphrase or code is needed "
		    "and there is no terminal to ask on; nothing was opened; "
		    "use --passphrase-fd, FIELDKIT_PASSPHRASE_FILE or "
		    "'fieldkit unlock'");
	put(fd, prompt);
	put(fd, ": ");
	if (tcgetattr(fd, &old) == 0) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(fd, TCSAFLUSH, &quiet);
		f = secret_line_fd(l, fd);
		tcsetattr(fd, TCSAFLUSH, &old);
	} else {
		f = secret_line_fd(l, fd);
	}
	put(fd, "\n");
	close(fd);
	return f;
}

bool
term_yes(const char *question)
{
	char answer[16] = "";
	ssize_t n;
	int fd = term_there() ? open_tty() : -1;

	if (fd < 0)
		return false;
	put(fd, question);
	put(fd, say(" [y/N] "));
	n = read(fd, answer, sizeof answer - 1);
	close(fd);
	return n > 0 && strchr("yYjJ", answer[0]) != NULL;
}
