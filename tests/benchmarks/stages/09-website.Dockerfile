FROM nginx:1.27 AS website
ARG API_ORIGIN=https://api.example.com
COPY nginx.conf /etc/nginx/nginx.conf
COPY <<EOF /etc/nginx/conf.d/default.conf
server {
    listen 8080;
    root /usr/share/nginx/html;
    location /api/ {
        proxy_pass ${API_ORIGIN}/;
    }
}
EOF
COPY --from=catalog-build /srv/catalog-deps/dist/public /usr/share/nginx/html
RUN chmod -R a+rX /usr/share/nginx/html && \
    rm -f /usr/share/nginx/html/50x.html
STOPSIGNAL SIGQUIT
EXPOSE 8080
