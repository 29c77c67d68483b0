/* Stands in for a program of Windows: writes its command line to C:\calls.txt, prints
 * C:\NAME.txt where that is, and ends with the status that C:\status.txt has for a
 * text that is in its command line. Each line there is a status and such a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	char name[260], line[2048] = "", path[300], text[1024];
	const char *slash = strrchr(argv[0], '\\');
	snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : argv[0]);
	if (strlen(name) > 4 && _stricmp(name + strlen(name) - 4, ".exe") == 0)
		name[strlen(name) - 4] = 0;
	strcat(line, name);
	for (int n = 1; n < argc; n++) {
		strcat(line, " ");
		strcat(line, argv[n]);
	}
	FILE *calls = fopen("C:\\calls.txt", "a");
	fprintf(calls, "%s\n", line);
	fclose(calls);
	snprintf(path, sizeof path, "C:\\%s.txt", name);
	FILE *output = fopen(path, "r");
	if (output != NULL) {
		while (fgets(text, sizeof text, output) != NULL)
			fputs(text, stdout);
		fclose(output);
	}
	FILE *statuses = fopen("C:\\status.txt", "r");
	while (statuses != NULL && fgets(text, sizeof text, statuses) != NULL) {
		char *space = strchr(text, ' ');
		text[strcspn(text, "\r\n")] = 0;
		if (space != NULL && strstr(line, space + 1) != NULL)
			return atoi(text);
	}
	return 0;
}
