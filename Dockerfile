# sleevewalk for a processor:
#   docker build -t sleevewalk .
#   docker run -it --rm -e TERM -e COLORTERM -v ~/sleevewalk:/library sleevewalk
FROM python:3.13-slim
COPY . /tmp/sleevewalk
RUN pip install --no-cache-dir -c /tmp/sleevewalk/constraints.txt -c /tmp/sleevewalk/constraints-cpu.txt \
        '/tmp/sleevewalk[cpu,map]' \
    && rm -rf /tmp/sleevewalk \
    && useradd --create-home walker && install -d -o walker /library
USER walker
ENV SLEEVEWALK_LIBRARY=/library LANG=C.UTF-8
VOLUME /library
ENTRYPOINT ["sleevewalk"]
