import json
class F:
    def __init__(s,path,about,alone=False):
        s.path=path; s.o="".join("# "+l+"\n" for l in about.split("\n"))+("alone\n" if alone else ""); s.c=""; s.n=0
    def sec(s,title,rules=(),crosses=(),core=None):
        s.o+=f"\n--- {title}\n"
        if rules: s.o+="rule "+" ".join(map(str,rules))+"\n"
        if crosses: s.o+="crosses "+" ".join(crosses)+"\n"
        if core: s.o+=f"only core: {core}\n"
        s.c=""
        return s
    def raw(s,t): s.o+=t.rstrip("\n")+"\n"; return s
    def use(s,c):
        if s.c!=c: s.o+=f"[{c}]\n"; s.c=c
        return s
    def req(s,m,path,exp,body=None,tok=None,conn="game",ct=True,close=False):
        s.use(conn)
        s.o+=f"> {m} {path} HTTP/1.1\n> Host: a\n"
        if tok: s.o+=f"> Authorization: Bearer ${{{tok}}}\n"
        if close: s.o+="> Connection: close\n"
        if body is not None:
            s.o+="> Content-Type: application/json\n> Content-Length: ${length}\n>\n"
            for l in (body if isinstance(body,list) else [body]): s.o+=f">> {l}\n"
        else: s.o+=">\n"
        s.o+=f"< ? {exp}\n\n"
        return s
    def get(s,p,e,**k): return s.req("GET",p,e,**k)
    def put(s,p,e,b,tok="admin",**k):
        k.setdefault("conn","root admin"); return s.req("PUT",p,e,body=b,tok=tok,**k)
    def quest(s,q,doc,e=None):
        d=json.loads(doc if isinstance(doc,str) else "".join(doc).replace("\\n",""))
        return s.put(f"/v1/quests/{q}",e or '201 {"quest":"%s","version":1,"waypoints":%d,"treasures":%d}'%(q,len(d["waypoints"]),len(d["treasures"])),doc)
    def start(s,h,q=None,cap=100,e=None,round=1,version=1):
        q=q or h
        return s.put(f"/v1/hunts/{h}",e or '201 {"hunt":"%s","quest":"%s","version":%d,"capacity":%d,"round":%d}'%(h,q,version,cap,round),'{"quest":"%s","capacity":%d}'%(q,cap))
    def inc(s,f,**k):
        s.o+=f"include setup/{f}.txt"+"".join(f" {a}={b}" for a,b in k.items())+"\n\n"; s.c="?" ; return s
    def hunt(s,h): s.inc("hunt",hunt=h); return s
    def join(s,h,name,var=None):
        s.inc("join",hunt=h,name=name)
        if var: s.o+=f"let {var} = ${{session}}\n\n"
        return s
    def play(s,conn,var,proto="hunt.v1+json",hunt=None):
        s.c=""; s.use(conn)
        s.o+=f"let session = ${{{var}}}\ninclude setup/play.txt protocol={proto}"+(f" hunt={hunt}" if hunt else "")+"\n\n"
        return s
    def res(s,h,tok,t,at,exp,key=None,conn="game"):
        x,y,z=at
        k=f',"key":"{key}"' if key else ""
        return s.req("POST",f"/v1/hunts/{h}/resolve",exp,body='{"treasure":"%s","x":%s,"y":%s,"z":%s%s}'%(t,x,y,z,k),tok=tok,conn=conn)
    def ws(s,conn,send,*exp):
        s.use(conn)
        s.o+=f"> {send}\n"
        for e in exp: s.o+=f"< {e}\n"
        s.o+="\n"; return s
    def wait(s,ms): s.o+=f"@ +{ms}ms\n"; return s
    def done(s):
        while "\n\n\n" in s.o: s.o=s.o.replace("\n\n\n","\n\n")
        open(s.path,"w").write(s.o.rstrip("\n")+"\n")
def oc(o,score,rank,loot="null"): return '200 {"outcome":"%s","loot":%s,"score":%s,"rank":%s}'%(o,loot,score,rank)
def loot(i,p,pu=None): return '{"item":"%s","points":%d,"power_up":%s}'%(i,p,'null' if not pu else '"%s"'%pu)
def tr(id,x=0,y=0,z=0,r=5,pts=10,item=None,**k):
    d={"id":id,"x":x,"y":y,"z":z,"radius":r}
    pu=k.pop("power_up",None); d.update(k)
    d["loot"]={"item":item or id,"points":pts,**({"power_up":pu} if pu else {})}
    return d
def doc(name,trs,rules=None,wps=None):
    j=lambda v: json.dumps(v,separators=(",",":"))
    L=['{"name":%s,"waypoints":%s,\\n'%(j(name),j(wps or [{"x":0,"y":0,"z":0,"radius":5}])),'"treasures":[\\n']
    for i,t in enumerate(trs): L.append(j(t)+("," if i+1<len(trs) else "]")+("\\n" if i+1<len(trs) or rules else "}\\n"))
    if rules: L[-1]=L[-1].replace("]\\n","],\\n"); L.append('"rules":%s}\\n'%j(rules))
    return L
O=(0,0,0)

# ---------------- resolve
f=F("game/resolve.txt","Opening treasures: every outcome, what decides first, what it changes.")
f.sec("claimed and already claimed",(38,40,41,45,46)).hunt("resolve-1").join("resolve-1","Ada","ada").join("resolve-1","Bo","bo")
H="resolve-1"
f.res(H,"ada","chest",O,oc("claimed",50,1,loot("pearl",50)))
f.res(H,"ada","chest",O,oc("already_claimed",50,1))
f.raw("# Not even the place is looked at.\n").res(H,"ada","chest",(5000,0,0),oc("already_claimed",50,1))
f.res(H,"bo","chest",O,oc("claimed",50,2,loot("pearl",50)))
f.sec("too fast: a step of one unit is always allowed, and no more",(29,42))
f.res(H,"ada","box",(300,400,0),oc("too_fast",50,1))
f.raw("# The player has stayed, so a step of one unit from the start is allowed.\n").res(H,"ada","box",(0,1,0),oc("claimed",120,1,loot("ring",70,"boost")))
f.sec("exhausted: the supply was one",(44,)).res(H,"bo","box",(0,1,0),oc("exhausted",50,2))
f.sec("not open yet",(44,)).res(H,"bo","late",(0,1,0),oc("not_open",50,2))
f.sec("too far: and the player has moved",(42,43)).res(H,"bo","far",(0,1,1),oc("too_far",50,2))
f.res(H,"bo","late",(0,0,0),oc("too_far",50,2) if False else oc("not_open",50,2))
f.sec("the treasure is not known",(39,)).res(H,"bo","chart",O,"404 unknown-treasure")
f.res(H,"bo","Chest",O,"404 unknown-treasure")
f.sec("the edge of a treasure belongs to it",(43,))
f.quest("resolve-2",doc("Edge",[tr("on",3,4,0,5,supply=2),tr("past",3,4,0.001,5,supply=2),tr("deep",0,0,-2,2,supply=2)]))
f.start("resolve-2").join("resolve-2","Cy","cy")
f.res("resolve-2","cy","on",O,oc("claimed",10,1,loot("on",10)))
f.res("resolve-2","cy","past",O,oc("too_far",10,1)).res("resolve-2","cy","deep",O,oc("claimed",20,1,loot("deep",10)))
f.sec("a treasure that opens later",(44,)).quest("resolve-3",doc("Later",[tr("soon",opens_ms=300,supply=2),tr("gone",opens_ms=300,supply=1)])).start("resolve-3")
f.join("resolve-3","Di","di").join("resolve-3","Ed","ed")
f.res("resolve-3","di","soon",O,oc("not_open",0,1)).wait(400)
f.res("resolve-3","di","soon",O,oc("claimed",10,1,loot("soon",10)))
f.res("resolve-3","di","gone",O,oc("claimed",20,1,loot("gone",10)))
f.res("resolve-3","ed","gone",O,oc("exhausted",0,2))
f.sec("a treasure opens to the millisecond",(44,),core="a server's clock does not stand still").quest("resolve-4",doc("Sharp",[tr("t",opens_ms=200,supply=2)])).start("resolve-4").join("resolve-4","Fay","fay")
f.wait(199).res("resolve-4","fay","t",O,oc("not_open",0,1)).wait(1).res("resolve-4","fay","t",O,oc("claimed",10,1,loot("t",10)))
f.sec("over WebSocket it is the same",(38,)).quest("resolve-5",doc("Two ways",[tr("a",supply=5),tr("b",supply=5),tr("c",90,supply=5)])).start("resolve-5").join("resolve-5","Gil","gil")
f.play("gil","gil",hunt="resolve-5")
f.ws("gil",'text {"seq":1,"resolve":{"treasure":"a","x":0,"y":0,"z":0}}','text {"resolved":{"seq":1,"outcome":"claimed","loot":{"item":"a","points":10,"power_up":null},"score":10,"rank":1}}')
f.ws("gil",'text {"seq":2,"resolve":{"treasure":"c","x":0,"y":0,"z":0}}','text {"resolved":{"seq":2,"outcome":"too_far","loot":null,"score":10,"rank":1}}')
f.ws("gil",'text {"seq":3,"resolve":{"treasure":"d","x":0,"y":0,"z":0}}','text {"refused":{"seq":3,"type":"urn:hunt:problem:unknown-treasure","title":"the quest has no such treasure","status":404}}')
f.res("resolve-5","gil","a",O,oc("already_claimed",10,1)).res("resolve-5","gil","b",O,oc("claimed",20,1,loot("b",10)))
f.ws("gil",'text {"seq":4,"resolve":{"treasure":"b","x":0,"y":0,"z":0}}','text {"resolved":{"seq":4,"outcome":"already_claimed","loot":null,"score":20,"rank":1}}')
f.sec("power-ups of loot are never more than 255 of a kind",(45,)).quest("resolve-6",doc("Full",[tr("a",power_up="boost",supply=5)],{"start_power_ups":{"boost":255}})).start("resolve-6").join("resolve-6","Hal","hal")
f.res("resolve-6","hal","a",O,oc("claimed",10,1,loot("a",10,"boost")))
f.sec("bodies that are not valid",(38,71,72))
P="/v1/hunts/resolve-1/resolve"
for b,e in [('{"treasure":"chest","x":0,"y":0}','"detail":"a field is missing","path":"/z","line":1,"column":32'),
 ('{"x":0,"y":0,"z":0}','"path":"/treasure"'),('{"treasure":7,"x":0,"y":0,"z":0}','"detail":"a value of the wrong type","path":"/treasure","line":1,"column":13'),
 ('{"treasure":"no id","x":0,"y":0,"z":0}','"detail":"a value out of its range","path":"/treasure"'),
 ('{"treasure":"chest","x":1000000.5,"y":0,"z":0}','"detail":"a value out of its range","path":"/x","line":1,"column":25'),
 ('{"treasure":"chest","x":0,"y":0,"z":0,"key":"a b"}','"path":"/key"'),('{"treasure":"chest","x":0,"y":0,"z":0,"key":""}','"path":"/key"'),
 ('{"treasure":"chest","x":0,"y":0,"z":0,"key":null}','"detail":"a value of the wrong type","path":"/key"'),
 ('{"treasure":"chest","x":0,"y":0,"z":0,"w":0}','"detail":"an unknown field","path":"/w","line":1,"column":39'),
 ('{"treasure":"chest","x":0,"x":0,"y":0,"z":0}','"detail":"a field that was given before","path":"/x","line":1,"column":27'),
 ('{"treasure":"chest","x":0,"y":0,"z":0} {}','"detail":"bytes after the document","path":"","line":1,"column":40'),
 ('[]','"detail":"a value of the wrong type","path":""')]:
    f.req("POST",P,"422 invalid-body "+e,body=b,tok="ada")
f.done()

# ---------------- keys
f=F("game/keys.txt","Idempotency keys: the same answer again, the wrong treasure, the eight that are remembered.")
f.sec("the same key gets the same answer",(47,)).quest("keys-1",doc("Keys",[tr("t%d"%i,supply=9) for i in range(10)]+[tr("far",90,supply=9)])).start("keys-1").join("keys-1","Ada","ada").join("keys-1","Bo","bo")
H="keys-1"
f.res(H,"ada","t0",O,oc("claimed",10,1,loot("t0",10)),key="k-0").res(H,"ada","t1",O,oc("claimed",20,1,loot("t1",10)))
f.raw("# Score and rank are those of then.\n").res(H,"ada","t0",O,oc("claimed",10,1,loot("t0",10)),key="k-0")
f.raw("# Neither the place nor the speed is looked at again.\n").res(H,"ada","t0",(9000,0,0),oc("claimed",10,1,loot("t0",10)),key="k-0")
f.raw("# Without the key it is a new resolve.\n").res(H,"ada","t0",O,oc("already_claimed",20,1))
f.sec("another treasure under the same key",(39,48)).res(H,"ada","t2",O,"409 key-reused",key="k-0")
f.raw("# A treasure that is not known comes first.\n").res(H,"ada","t99",O,"404 unknown-treasure",key="k-0")
f.sec("a key is remembered with every outcome",(48,)).res(H,"bo","far",O,oc("too_far",0,2),key="b-0")
f.res(H,"bo","far",(9000,0,0),oc("too_far",0,2),key="b-0").res(H,"bo","t0",O,"409 key-reused",key="b-0")
f.res(H,"bo","t0",(9000,0,0),oc("too_fast",0,2),key="b-1").res(H,"bo","t0",O,oc("too_fast",0,2),key="b-1")
f.sec("keys of different players have nothing to do with each other",(48,)).res(H,"bo","t3",O,oc("claimed",10,2,loot("t3",10)),key="k-0")
f.sec("a refusal is not remembered",(48,)).res(H,"bo","t98",O,"404 unknown-treasure",key="b-2").res(H,"bo","t4",O,oc("claimed",20,2,loot("t4",10)),key="b-2")
f.sec("eight keys are remembered, the ninth replaces the first",(48,)).join(H,"Cy","cy")
for i in range(8): f.res(H,"cy","t%d"%i,O,oc("claimed",10*(i+1),[3,3,2,1,1,1,1,1][i] if False else "${r%d:int}"%i,loot("t%d"%i,10)),key="c-%d"%i)
f.raw("# The oldest is still there, and being asked for makes it no younger.\n").res(H,"cy","t0",O,oc("claimed",10,"${r0}",loot("t0",10)),key="c-0")
f.res(H,"cy","t8",O,oc("claimed",90,1,loot("t8",10)),key="c-8")
f.raw("# Now it is forgotten: the resolve is a new one, and the second key is the oldest.\n").res(H,"cy","t0",O,oc("already_claimed",90,1),key="c-0")
f.res(H,"cy","t9",O,oc("claimed",100,1,loot("t9",10)),key="c-1")
f.res(H,"cy","t3",O,oc("claimed",40,"${r3}",loot("t3",10)),key="c-3")
f.sec("a key counts for both ways",(38,47)).join(H,"Di","di").play("di","di",hunt=H)
f.ws("di",'text {"seq":1,"resolve":{"treasure":"t0","x":0,"y":0,"z":0,"key":"~!"}}','text {"resolved":{"seq":1,"outcome":"claimed","loot":{"item":"t0","points":10,"power_up":null},"score":10,"rank":4}}')
f.res(H,"di","t0",O,oc("claimed",10,4,loot("t0",10)),key="~!").res(H,"di","t1",O,"409 key-reused",key="~!")
f.ws("di",'text {"seq":2,"resolve":{"treasure":"t1","x":0,"y":0,"z":0,"key":"~!"}}','text {"refused":{"seq":2,"type":"urn:hunt:problem:key-reused","title":"the idempotency key was used for another treasure","status":409}}')
f.sec("the longest key",(6,)).res(H,"di","t1",O,oc("claimed",20,4 if False else "${int}",loot("t1",10)),key="${k*64}").res(H,"di","t1",O,'422 invalid-body "path":"/key"',key="${k*65}")
f.done()

# ---------------- join
f=F("game/join.txt","Joining: numbers, capacity, names, where a player begins.")
f.sec("players are numbered in the order of joining",(24,25)).quest("join-1",doc("Join",[tr("near",7,8,9,2,supply=9)],None,[{"x":7,"y":8,"z":9,"radius":5},{"x":0,"y":0,"z":0,"radius":5}])).start("join-1",cap=4)
J="/v1/hunts/join-1/players"
f.req("POST",J,'201 {"player":0,"session":"${ada:token}"}',body='{"name":"Ada"}').req("POST",J,'201 {"player":1,"session":"${token}"}',body='{"name":"Ada"}')
f.sec("a player begins at the first waypoint, on the leaderboard",(26,49)).res("join-1","ada","near",(7,8,9),oc("claimed",10,1,loot("near",10)))
f.play("ada","ada",hunt="join-1").ws("ada",'text {"seq":1,"use_power_up":{"power_up":"reach"}}','text {"power_up_used":{"seq":1,"outcome":"used","power_up":"reach","active_ms":5000,"energy":70}}')
f.sec("names are any text, and are written with the fewest escapes",(6,76)).req("POST",J,'201 {"player":2,"session":"${token}"}',body='{"name":"Zo\\\\u00eb \\\\"the\\\\\\\\\\\\/crab\\\\" \U0001f980"}')
f.get("/v1/hunts/join-1/leaderboard",'200 {"hunt":"join-1","players":3,"rows":[{"rank":1,"player":0,"name":"Ada","score":10},{"rank":2,"player":1,"name":"Ada","score":0},{"rank":3,"player":2,"name":"Zoë \\\\"the\\\\\\\\/crab\\\\" \U0001f980","score":0}]}')
f.req("POST",J,'201 {"player":3,"session":"${token}"}',body='{"name":"${n*64}"}')
f.sec("names that are none",(6,)).req("POST",J,'422 invalid-body "detail":"a value out of its range","path":"/name","line":1,"column":9',body='{"name":""}')
for n in ["${n*65}","\\x20Ada","Ada\\x20","A\\\\nb","\\\\u0085","\\\\u007f"]: f.req("POST",J,'422 invalid-body "detail":"a value out of its range","path":"/name"',body='{"name":"%s"}'%n)
f.req("POST",J,'422 invalid-body "detail":"a value of the wrong type","path":"/name"',body='{"name":null}').req("POST",J,'422 invalid-body "detail":"a field is missing","path":"/name"',body='{}')
f.sec("as many as the capacity",(24,)).req("POST",J,"409 hunt-full",body='{"name":"Eve"}')
f.sec("a hunt that does not exist",(21,24)).req("POST","/v1/hunts/join-0/players","404 unknown-hunt",body='{"name":"Eve"}')
f.raw("# The body is looked at first.\n").req("POST","/v1/hunts/join-0/players","422 invalid-body",body='{"name":7}')
f.sec("a hunt that has ended",(18,24)).quest("join-2",doc("Short",[tr("t")])).start("join-2").join("join-2","Ada","ada").res("join-2","ada","t",O,oc("claimed",10,1,loot("t",10)))
f.req("POST","/v1/hunts/join-2/players","409 hunt-ended",body='{"name":"Bo"}')
f.done()

# ---------------- status
f=F("game/status.txt","The status of a hunt: running, watched, ended.")
S="/v1/hunts/status-1/status"
def st(h,tick,rem,players=0,watch=0,claims=0,status="running",cap=100,round=1,q=None,version=1): return '200 {"hunt":"%s","quest":"%s","version":%d,"round":%d,"status":"%s","tick":%s,"remaining_ms":%s,"players":%d,"capacity":%d,"watchers":%d,"claims":%d}'%(h,q or h,version,round,status,tick,rem,players,cap,watch,claims)
f.sec("a hunt that was just started",(19,20)).hunt("status-1").get(S,st("status-1","${about:0}","${about:600000}"))
f.sec("what has happened is counted",(19,)).join("status-1","Ada","ada").join("status-1","Bo","bo").play("ada","ada",hunt="status-1").play("bo","bo","hunt.v1",hunt="status-1")
f.res("status-1","ada","chest",O,oc("claimed",50,1,loot("pearl",50))).get(S,st("status-1","${about:0}","${about:600000}",2,2,1))
f.raw("[bo]\n> close 1000\n< close 1000\n<eof>\n").get(S,st("status-1","${about:0}","${about:600000}",2,1,1))
f.sec("a tick is 150 ms",(20,57)).raw("[ticks]\n").wait(1000).raw("\n")
f.get(S,st("status-1","${about:6}","${about:599000}",2,0,1))
f.sec("HEAD",(19,)).use("game").raw("> HEAD /v1/hunts/status-1/status HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 200 OK\n< Date: ${date}\n< Content-Type: application/json\n< Content-Length: ${int}\n<\n")
f.sec("the end freezes tick and time",(17,18,20)).quest("status-2",doc("Half a second",[tr("t")],{"duration_ms":500})).start("status-2",cap=7).wait(900)
f.get("/v1/hunts/status-2/status",st("status-2",3,0,status="ended",cap=7)).wait(300).get("/v1/hunts/status-2/status",st("status-2",3,0,status="ended",cap=7))
f.get("/v1/hunts/status-2/leaderboard",'200 {"hunt":"status-2","players":0,"rows":[]}')
f.sec("to the millisecond",(17,20),core="a server's clock does not stand still").quest("status-3",doc("Half a second",[tr("t")],{"duration_ms":500})).start("status-3").wait(499).get("/v1/hunts/status-3/status",st("status-3",3,1)).wait(1).get("/v1/hunts/status-3/status",st("status-3",3,0,status="ended"))
f.sec("a hunt that does not exist",(21,)).get("/v1/hunts/status-0/status","404 unknown-hunt")
f.done()

# ---------------- hunts
f=F("game/hunts.txt","Starting hunts: versions, rounds, capacity, the end, being forgotten.")
D=doc("Hunts",[tr("t")]); D2=doc("Hunts, again",[tr("t"),tr("u")]); DS=doc("Short",[tr("t",supply=2)],{"duration_ms":500})
f.sec("a hunt of the latest version",(11,12,14)).quest("hunts-1",D).start("hunts-1")
f.sec("starting it again changes nothing",(12,)).start("hunts-1",e='200 {"hunt":"hunts-1","quest":"hunts-1","version":1,"capacity":100,"round":1}')
f.put("/v1/hunts/hunts-1",'200 {"hunt":"hunts-1","quest":"hunts-1","version":1,"capacity":100,"round":1}','{"capacity":100,"version":1,"quest":"hunts-1"}')
f.sec("starting it in another way is refused",(13,)).start("hunts-1",cap=101,e="409 hunt-exists").quest("hunts-2",D).start("hunts-1","hunts-2",e="409 hunt-exists")
f.put("/v1/quests/hunts-1",'200 {"quest":"hunts-1","version":2,"waypoints":1,"treasures":2}',D2).raw("# Now the latest version is another one.\n").start("hunts-1",e="409 hunt-exists")
f.put("/v1/hunts/hunts-1",'200 {"hunt":"hunts-1","quest":"hunts-1","version":1,"capacity":100,"round":1}','{"quest":"hunts-1","version":1,"capacity":100}')
f.sec("an older version",(11,)).put("/v1/hunts/hunts-3",'201 {"hunt":"hunts-3","quest":"hunts-1","version":1,"capacity":1000000,"round":1}','{"quest":"hunts-1","version":1,"capacity":1000000}')
f.sec("what does not exist",(11,)).start("hunts-4","hunts-0",e="404 unknown-quest").put("/v1/hunts/hunts-4","404 unknown-quest-version",'{"quest":"hunts-1","version":3,"capacity":1}').put("/v1/hunts/hunts-4","404 unknown-quest-version",'{"quest":"hunts-1","version":4294967295,"capacity":1}')
f.sec("bodies that are not valid",(11,71,75))
for b,e in [('{"quest":"hunts-1","capacity":0}','"path":"/capacity","line":1,"column":31'),('{"quest":"hunts-1","capacity":1000001}','"path":"/capacity"'),('{"quest":"hunts-1","capacity":1e2}','"detail":"a value out of its range","path":"/capacity"'),('{"quest":"hunts-1","capacity":"1"}','"detail":"a value of the wrong type","path":"/capacity"'),('{"quest":"hunts-1","capacity":1,"version":0}','"path":"/version"'),('{"quest":"hunts-1","capacity":1,"version":4294967296}','"path":"/version"'),('{"quest":"-","capacity":1}','"path":"/quest"'),('{"capacity":1}','"detail":"a field is missing","path":"/quest","line":1,"column":14')]:
    f.put("/v1/hunts/hunts-4","422 invalid-body "+e,b)
f.sec("the round ends when its time is over; then nothing is played",(17,18)).quest("hunts-5",DS).start("hunts-5").join("hunts-5","Ada","ada").res("hunts-5","ada","t",O,oc("claimed",10,1,loot("t",10))).wait(900)
f.res("hunts-5","ada","t",O,"409 hunt-ended").req("POST","/v1/hunts/hunts-5/players","409 hunt-ended",body='{"name":"Bo"}')
f.get("/v1/hunts/hunts-5/leaderboard",'200 {"hunt":"hunts-5","players":1,"rows":[{"rank":1,"player":0,"name":"Ada","score":10}]}')
f.sec("the next round begins with nothing",(14,16)).start("hunts-5",cap=3,round=2).raw("# The session is of the round before.\n").res("hunts-5","ada","t",O,"401 session-stale")
f.get("/v1/hunts/hunts-5/status",st("hunts-5","${about:0}","${about:500}",cap=3,round=2)).join("hunts-5","Bo","bo").res("hunts-5","bo","t",O,oc("claimed",10,1,loot("t",10)))
f.sec("the last claim ends the round at once",(17,45)).quest("hunts-6",doc("Two",[tr("t"),tr("u")])).start("hunts-6").join("hunts-6","Ada","ada").join("hunts-6","Bo","bo")
f.res("hunts-6","ada","t",O,oc("claimed",10,1,loot("t",10))).res("hunts-6","bo","u",O,oc("claimed",10,2,loot("u",10))).res("hunts-6","bo","t",O,"409 hunt-ended")
f.get("/v1/hunts/hunts-6/status",st("hunts-6","${about:0}",0,2,0,2,"ended"))
f.sec("two rounds never start in the same millisecond",(16,)).start("hunts-6",round=2).res("hunts-6","ada","t",O,"401 session-stale")
f.sec("hunts are independent of each other",(22,)).quest("hunts-7",doc("Apart",[tr("t",supply=1),tr("u",supply=9)])).start("hunts-7").start("hunts-8","hunts-7").join("hunts-7","Ada","ada").join("hunts-8","Ada","eda")
f.res("hunts-7","ada","t",O,oc("claimed",10,1,loot("t",10))).res("hunts-8","eda","t",O,oc("claimed",10,1,loot("t",10))).res("hunts-8","ada","t",O,"403 session-wrong-hunt")
f.sec("an ended hunt is forgotten",(21,23),("ended_keep_ms",)).quest("hunts-9",DS).start("hunts-9").wait(1000).get("/v1/hunts/hunts-9/status",st("hunts-9",3,0,status="ended")).wait(3000).use("later").get("/v1/hunts/hunts-9/status","404 unknown-hunt",conn="later")
f.start("hunts-9",e='201 {"hunt":"hunts-9","quest":"hunts-9","version":1,"capacity":100,"round":1}') if False else f.put("/v1/hunts/hunts-9",'201 {"hunt":"hunts-9","quest":"hunts-9","version":1,"capacity":100,"round":1}','{"quest":"hunts-9","capacity":100}',conn="again admin")
f.sec("what does not exist",(21,)).get("/v1/hunts/hunts-0/status","404 unknown-hunt").get("/v1/hunts/hunts-0/leaderboard","404 unknown-hunt")
f.done()
f=F("game/hunts_full.txt","As many hunts as there may be; ended ones count until they are forgotten.",True)
f.sec("one hunt too many",(15,),("hunts_max",)).quest("full",DS)
f.raw("repeat 100 as n\n[root admin]\n> PUT /v1/hunts/full-${n} HTTP/1.1\n> Host: a\n> Authorization: Bearer ${admin}\n> Content-Length: ${length}\n>\n>> {\"quest\":\"full\",\"capacity\":1}\n< HTTP/1.1 201 Created\n< Date: ${date}\n< Content-Type: application/json\n< Content-Length: ${length}\n<\n<< {\"hunt\":\"full-${n}\",\"quest\":\"full\",\"version\":1,\"capacity\":1,\"round\":1}\n\nend\n")
f.start("full-100","full",1,e="503 hunts-full").raw("# What else is wrong comes first.\n").start("full-100","nothing",1,e="404 unknown-quest")
f.sec("a next round is none too many",(15,)).wait(900).start("full-7","full",1,round=2).start("full-100","full",1,e="503 hunts-full")
f.done()
f=F("game/quests_full.txt","As many quests as there may be.",True)
f.sec("one quest too many",(10,),("quests_max",)).raw("repeat 100 as n\n[root admin]\n> PUT /v1/quests/full-${n} HTTP/1.1\n> Host: a\n> Authorization: Bearer ${admin}\n> Content-Length: ${length}\n>\n>> {\"name\":\"Q\",\"waypoints\":[{\"x\":0,\"y\":0,\"z\":0,\"radius\":5}],\n>> \"treasures\":[{\"id\":\"t\",\"x\":0,\"y\":0,\"z\":0,\"radius\":5,\"loot\":{\"item\":\"i\",\"points\":1}}]}\n< HTTP/1.1 201 Created\n< Date: ${date}\n< Content-Type: application/json\n< Content-Length: ${length}\n<\n<< {\"quest\":\"full-${n}\",\"version\":1,\"waypoints\":1,\"treasures\":1}\n\nend\n")
f.put("/v1/quests/full-100","503 quests-full",D).raw("# A document that is not valid is refused as such.\n").put("/v1/quests/full-100","422 invalid-quest",'{}')
f.sec("a next version is none too many",(8,10)).put("/v1/quests/full-7",'200 {"quest":"full-7","version":2,"waypoints":1,"treasures":1}',D)
f.done()

# ---------------- quests
f=F("game/quests.txt","Publishing quests: what they may hold, versions, what is kept.")
full=['{"rules":{"waypoint_ms":86400000,"waypoints_in_play":64,"start_power_ups":{"double":255,"boost":0},"power_up_ms":3600000,\\n',
 '"power_up_energy":1000,"energy_per_s":1000,"energy_max":1000,"speed_max":1000000,"duration_ms":86400000},\\n',
 '"treasures":[{"loot":{"power_up":null,"points":1000000,"item":"i"},"supply":1000000,"opens_ms":86400000,\\n',
 '"radius":10000,"z":-1000000,"y":1e6,"x":0.000001,"id":"0"},\\n',
 '{"id":"${z*32}","x":-0,"y":-0.0,"z":1E0,"radius":4.9e-324,"loot":{"item":"i","points":1,"power_up":"double"}}],\\n',
 '"waypoints":[{"radius":0.5,"z":0,"y":0,"x":0}],"name":"\\\\u0051\\xc3\\xbc\\\\ud83e\\\\udd80"}']
f.sec("the first version: every field, in another order, at the ends of its range",(1,2,3,4,5,7,75)).put("/v1/quests/quests-1",'201 {"quest":"quests-1","version":1,"waypoints":1,"treasures":2}',full)
least='{"name":"Q","waypoints":[{"x":0,"y":0,"z":0,"radius":1}],"treasures":[{"id":"t","x":0,"y":0,"z":0,"radius":1,"loot":{"item":"i","points":1}}]%s}'
f.sec("the next version: no field that can be left out",(3,5,8)).put("/v1/quests/quests-1",'200 {"quest":"quests-1","version":2,"waypoints":1,"treasures":1}',least%"")
f.sec("the same bytes are the same version",(7,8)).put("/v1/quests/quests-1",'200 {"quest":"quests-1","version":2,"waypoints":1,"treasures":1}',least%"")
f.sec("a space more is another version",(8,)).put("/v1/quests/quests-1",'200 {"quest":"quests-1","version":3,"waypoints":1,"treasures":1}',least%" ")
f.sec("an older document is a new version",(8,)).put("/v1/quests/quests-1",'200 {"quest":"quests-1","version":4,"waypoints":1,"treasures":1}',least%"")
f.sec("the fourth oldest is still kept",(9,)).put("/v1/hunts/quests-1",'201 {"hunt":"quests-1","quest":"quests-1","version":1,"capacity":1,"round":1}','{"quest":"quests-1","version":1,"capacity":1}')
f.sec("a version that is played is kept, others are not",(9,)).put("/v1/quests/quests-1",'200 {"quest":"quests-1","version":5,"waypoints":1,"treasures":1}',least%" \\n").put("/v1/quests/quests-1",'200 {"quest":"quests-1","version":6,"waypoints":1,"treasures":1}',least%"\\t")
f.put("/v1/hunts/quests-2","404 unknown-quest-version",'{"quest":"quests-1","version":2,"capacity":1}').put("/v1/hunts/quests-2",'201 {"hunt":"quests-2","quest":"quests-1","version":1,"capacity":1,"round":1}','{"quest":"quests-1","version":1,"capacity":1}')
f.put("/v1/hunts/quests-3",'201 {"hunt":"quests-3","quest":"quests-1","version":3,"capacity":1,"round":1}','{"quest":"quests-1","version":3,"capacity":1}').put("/v1/hunts/quests-4",'201 {"hunt":"quests-4","quest":"quests-1","version":6,"capacity":1,"round":1}','{"quest":"quests-1","capacity":1}')
f.sec("empty rules",(5,)).put("/v1/quests/quests-5",'201 {"quest":"quests-5","version":1,"waypoints":1,"treasures":1}',least%',"rules":{}').put("/v1/quests/quests-5",'200 {"quest":"quests-5","version":2,"waypoints":1,"treasures":1}',least%',"rules":{"start_power_ups":{}}')
f.done()

# ---------------- quest faults
f=F("game/quest_faults.txt","The first fault of a document: what it is, where, in the order of the bytes.")
Q="/v1/quests/faults-1"
W='[{"x":0,"y":0,"z":0,"radius":1}]'; T='[{"id":"t","x":0,"y":0,"z":0,"radius":1,"loot":{"item":"i","points":1}}]'
def d3(n='"Q"',w=W,t=T,more=""): return '{"name":%s,\\n"waypoints":%s,\\n"treasures":%s%s}'%(n,w,t,more)
SY,TB,WT,UF,DF,MF,DI,OR=["not well-formed JSON","bytes after the document","a value of the wrong type","an unknown field","a field that was given before","a field is missing","an id that was given before","a value out of its range"]
def fault(b,code,path,line,col): f.put(Q,'422 invalid-quest "detail":"%s","path":"%s","line":%d,"column":%d'%(code,path,line,col),b)
f.sec("syntax",(10,71,72,77))
fault('',SY,"",1,1); fault('{',SY,"",1,2); fault('\\n\\n  nonsense',SY,"",3,3); fault('{"name":"Q",}',SY,"",1,13); fault('{"name" "Q"}',SY,"",1,9); fault("{'name':1}",SY,"",1,2); fault('{"name":"Q"',SY,"",1,12); fault('{"name":"Q',SY,"",1,11)
fault('{"name":"a\\\\qb"}',SY,"",1,12); fault('{"name":"a\\tb"}',SY,"",1,11); fault('{"name":"\\\\ud800x"}',SY,"",1,10); fault('{"name":"\\\\udc00"}',SY,"",1,10); fault('{"name":"a\\xffb"}',SY,"",1,11); fault('\\xef\\xbb\\xbf{}',SY,"",1,1); fault('{"name":"\\xc3"}',SY,"",1,10)
f.sec("numbers that are none",(72,74)); 
fault(d3(w='[{"x":01}]'),SY,"",2,21-1-0) if False else None
for num,col in [("01",1),("1.",2),(".5",0),("+1",0),("1e",2),("-",1),("0x1",1)]:
    pre='"waypoints":[{"x":'; fault('{"name":"Q",\\n%s%s}]}'%(pre,num),SY,"",2,len(pre)+1+col)
f.sec("seventeen brackets",(74,)); fault(d3(more=',"rules":'+"[[["),WT,"/rules",3,len('"treasures":'+T+',"rules":')+1)
fault("[",WT,"",1,1)
f.sec("bytes after the document",(72,)); fault(d3()+" {}",TB,"",3,len('"treasures":'+T+'}')+2); fault(d3()+"\\n\\0",TB,"",4,1)
f.sec("the wrong type",(72,73,75)); fault('7',WT,"",1,1); fault('null',WT,"",1,1); fault('{"name":7',WT,"/name",1,9); fault('{"name":nonsense',WT,"/name",1,9) if False else None
fault('{"name":"Q","waypoints":{}}',WT,"/waypoints",1,25); fault(d3(w='[7]'),WT,"/waypoints/0",2,14); fault(d3(w='[{"x":"0"}]'),WT,"/waypoints/0/x",2,19); fault(d3(w='[{"x":null}]'),WT,"/waypoints/0/x",2,19); fault(d3(t='[{"loot":[]}]'),WT,"/treasures/0/loot",3,22)
f.sec("unknown and repeated fields",(72,73)); fault('{"nam":7',UF,"/nam",1,2); fault('{"a/b~c":7}',UF,"/a~1b~0c",1,2); fault('{"a\\\\u0001\\\\n\\\\"b":7}',UF,'/a\\\\u0001\\\\n\\\\"b',1,2); fault('{"name":"Q","name":"Q"}',DF,"/name",1,13); fault('{"n\\\\u0061me":"Q","name":"Q"}',DF,"/name",1,18)
fault('{"${k*70}":0}',UF,"/${k*64}",1,2); fault('{"${k*63}\\xc3\\xa9":0}',UF,"/${k*63}",1,2)
fault(d3(w='[{"x":0,"w":0}]'),UF,"/waypoints/0/w",2,21); fault(d3(t='[{"loot":{"power_up":"boost","power":1}}]'),UF,"/treasures/0/loot/power",3,42); fault(d3(more=',"rules":{"speed":1}'),UF,"/rules/speed",3,len('"treasures":'+T+',"rules":{')+1)
f.sec("missing fields",(72,)); fault('{}',MF,"/name",1,2); fault('{"name":"Q"}',MF,"/waypoints",1,12); fault('{"treasures":%s,"name":"Q"\\n}'%T,MF,"/waypoints",2,1); fault(d3(w='[{"radius":1,"x":0}]'),MF,"/waypoints/0/y",2,33); fault(d3(t='[{"id":"t","x":0,"y":0,"z":0,"radius":1}]'),MF,"/treasures/0/loot",3,52); fault(d3(t='[{"id":"t","x":0,"y":0,"z":0,"radius":1,"loot":{"points":1}}]'),MF,"/treasures/0/loot/item",3,71)
f.sec("an id twice",(3,72)); two=T[:-1]+','+T[1:]; fault(d3(t=two),DI,"/treasures/1/id",3,len('"treasures":'+T[:-1]+',{"id":')+1)
f.sec("values out of their ranges",(2,3,4,5,6,72,75))
for n in ['""','"${n*65}"','" Q"','"Q\\\\u0000"']: fault(d3(n=n),OR,"/name",1,9)
for v in ["1000000.1","-1000001","1e400"]: fault(d3(w='[{"x":%s,"y":0,"z":0,"radius":1}]'%v),OR,"/waypoints/0/x",2,19)
for v in ["0","-1","10000.5","1e-400"]: fault(d3(w='[{"radius":%s}]'%v),OR,"/waypoints/0/radius",2,24)
for k,v in [("opens_ms","86400001"),("opens_ms","-0"),("opens_ms","-1"),("opens_ms","1.0"),("opens_ms","1e3"),("supply","0"),("supply","1000001"),("supply","99999999999999999999")]: fault(d3(t='[{"%s":%s}]'%(k,v)),OR,"/treasures/0/"+k,3,len('"treasures":[{"%s":'%k)+1)
for v in ['""','"-t"','"a b"','"${t*33}"']: fault(d3(t='[{"id":%s}]'%v),OR,"/treasures/0/id",3,20)
for v in ["0","1000001"]: fault(d3(t='[{"loot":{"points":%s}}]'%v),OR,"/treasures/0/loot/points",3,32)
fault(d3(t='[{"loot":{"power_up":"Boost"}}]'),OR,"/treasures/0/loot/power_up",3,34)
base=len('"treasures":'+T+',"rules":{')
for k,v in [("duration_ms","499"),("duration_ms","86400001"),("speed_max","0"),("speed_max","1000000.5"),("energy_max","1001"),("energy_per_s","1001"),("power_up_energy","1001"),("power_up_ms","0"),("power_up_ms","3600001"),("waypoints_in_play","0"),("waypoints_in_play","65"),("waypoint_ms","0"),("waypoint_ms","86400001")]:
    fault(d3(more=',"rules":{"%s":%s}'%(k,v)),OR,"/rules/"+k,3,base+len('"%s":'%k)+1)
fault(d3(more=',"rules":{"start_power_ups":{"reach":256}}'),OR,"/rules/start_power_ups/reach",3,base+len('"start_power_ups":{"reach":')+1)
f.sec("lists that are too short",(1,72)); fault(d3(w='[]'),OR,"/waypoints",2,14); fault(d3(t='[ ]'),OR,"/treasures",3,15)
f.sec("the first fault in the order of the bytes decides",(71,73)); fault('{"name":"","waypoint":0}',OR,"/name",1,9); fault('{"waypoint":0,"name":""}',UF,"/waypoint",1,2); fault('{"name":"\\x20\\xff"}',SY,"",1,11)
f.sec("an id in the path is looked at before the document",(6,)).put("/v1/quests/-faults","400 invalid-id",'{}')
f.done()
