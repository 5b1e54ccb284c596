/* Answers each request with the price of a parcel to the city, and with the checksum that zlib has for it. */

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

enum { PORT = 8081, CENTS = 190 };

int main(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8)) {
        perror("rates");
        return 1;
    }
    for (;;) {
        char asked[1024], body[64], answer[256];
        int client = accept(listener, NULL, NULL);
        if (client < 0 || read(client, asked, sizeof asked) < 0)
            continue;
        int count = snprintf(body, sizeof body, "{\"zone\": \"city\", \"cents\": %d}", CENTS);
        unsigned long sum = crc32(0, (const unsigned char *)body, count);
        int length = snprintf(answer, sizeof answer, "HTTP/1.0 200 OK\r\nX-Sum: %08lx\r\n\r\n%s\n", sum, body);
        if (write(client, answer, length) < 0)
            perror("rates");
        close(client);
    }
}
