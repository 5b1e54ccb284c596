FROM maven:3.9-eclipse-temurin-21 AS reports-build
WORKDIR /build/reports-build
COPY pom.xml .
RUN mvn --batch-mode --quiet dependency:go-offline
COPY src ./src
RUN mvn --batch-mode package -DskipTests \
  && mkdir -p target/layers \
  && java -Djarmode=tools -jar target/reports.jar extract --destination target/layers
