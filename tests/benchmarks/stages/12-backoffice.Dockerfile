FROM php:8.3-apache AS backoffice
ENV APACHE_DOCUMENT_ROOT=/var/www/backoffice/public
RUN apt-get update \
    && apt-get install --yes \
        libicu-dev \
        libpng-dev \
        libzip-dev \
    && docker-php-ext-configure gd \
    && docker-php-ext-install -j"$(nproc)" gd intl pdo_mysql zip \
    && a2enmod rewrite
RUN sed -ri -e 's!/var/www/html!${APACHE_DOCUMENT_ROOT}!g' /etc/apache2/sites-available/*.conf
COPY --from=composer:2 /usr/bin/composer /usr/local/bin/composer
WORKDIR /var/www/backoffice
COPY composer.json composer.lock ./
RUN composer install --no-dev --no-scripts --prefer-dist
COPY . .
RUN if [ ! -f .env ]; then \
        cp .env.example .env; \
    fi; \
    for folder in cache sessions views; do \
        mkdir -p "storage/$folder"; \
    done; \
    chown -R www-data:www-data storage
# Apache writes its own log; what goes wrong in PHP goes there as well.
RUN ln -sf /dev/stderr /var/log/php_errors.log
EXPOSE 80
