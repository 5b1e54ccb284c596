# What people on call log into. Everything is here, and nobody dares to take anything out.
FROM imaging AS toolbox
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8
RUN apt-get update \
 && apt-get install -y \
    apt-transport-https \
    ca-certificates \
    curl \
    # To look into the queues and the databases:
    default-mysql-client \
    postgresql-client \
    redis-tools \
    # To look at the network:
    dnsutils \
    iproute2 \
    netcat-openbsd \
    tcpdump \
    # And the rest:
    git \
    gnupg \
    jq \
    less \
    python3-pip \
    unzip \
    vim
RUN curl -fsSL https://packages.example.com/key.asc | gpg --dearmor -o /usr/share/keyrings/example.gpg \
 && echo "deb [signed-by=/usr/share/keyrings/example.gpg] https://packages.example.com/apt stable main" \
    > /etc/apt/sources.list.d/example.list \
 && apt-get update && apt-get install -y --no-install-recommends example-cli
RUN pip3 install --break-system-packages httpie awscli
COPY <<'EOF' /etc/profile.d/prompt.sh
export PS1='\u@toolbox:\w\$ '
alias ll='ls -l'
EOF
WORKDIR /root
CMD ["bash", "-l"]
