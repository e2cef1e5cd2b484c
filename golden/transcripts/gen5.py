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


def mv(seq,x,y,z,h=None): return 'text {"seq":%s,"move":{"x":%s,"y":%s,"z":%s%s}}'%(seq,x,y,z,"" if h is None else ',"heading":%s'%h)
def moved(seq,o,x,y,z,e=100): return 'text {"moved":{"seq":%s,"outcome":"%s","x":%s,"y":%s,"z":%s,"energy":%s}}'%(seq,o,x,y,z,e)
def use(seq,p): return 'text {"seq":%s,"use_power_up":{"power_up":"%s"}}'%(seq,p)
def used(seq,o,p,ms,e): return 'text {"power_up_used":{"seq":%s,"outcome":"%s","power_up":"%s","active_ms":%s,"energy":%s}}'%(seq,o,p,ms,e)
def refused(seq,slug,title,status,rest=""): return 'text {"refused":{"seq":%s,"type":"urn:hunt:problem:%s","title":"%s","status":%d%s}}'%(seq,slug,title,status,rest)
BAD="the request body is not valid"
def inv(seq,detail,path,col,line=1): return refused(seq,"invalid-body",BAD,422,',"detail":"%s","path":"%s","line":%d,"column":%d'%(detail,path,line,col))

WP=[{"x":0,"y":0,"z":0,"radius":5},{"x":10,"y":0.5,"z":0,"radius":2.5},{"x":20,"y":0,"z":-1,"radius":1e-7}]
def wp(*ix):
    t=['{"index":0,"x":0,"y":0,"z":0,"radius":5}','{"index":1,"x":10,"y":0.5,"z":0,"radius":2.5}','{"index":2,"x":20,"y":0,"z":-1,"radius":1e-7}']
    return "["+",".join(t[i] for i in ix)+"]"
def bc(tick,full,rem,w,ch,ld,status="running"):
    return 'broadcast {"tick":%s,"full":%s,"status":"%s","remaining_ms":%s,"waypoints":%s,"changed":[%s],"leaders":[%s]}'%(tick,full,status,rem,w,",".join('{"treasure":"%s","remaining":%d}'%c for c in ch),",".join('{"player":%d,"name":"%s","score":%d}'%l for l in ld))
def ab(n): return "${about:%d}"%n
TR=[tr("a",supply=2),tr("b",supply=5,power_up="reach")]
def rs(seq,t): return 'text {"seq":%d,"resolve":{"treasure":"%s","x":0,"y":0,"z":0}}'%(seq,t)
def rd(seq,o,score,rank,l="null"): return 'text {"resolved":{"seq":%d,"outcome":"%s","loot":%s,"score":%d,"rank":%d}}'%(seq,o,l,score,rank)
f=F("game/broadcast.txt","Broadcasts: the first frame, the frame of every tick, what changed, the end of a hunt; messages\nin JSON and in protobuf.")
f.sec("the first message is a full frame; then comes one for every tick",(54,55,57,58,60,63)).quest("cast-1",doc("Cast",TR,{"waypoints_in_play":2,"waypoint_ms":86400000},WP)).start("cast-1").join("cast-1","Ada","ada").play("ada","ada",hunt="cast-1")
f.raw("< "+bc(ab(0),"true",ab(600000),wp(0,1),[],[(0,"Ada",0)])+"\n").wait(300).raw("< "+bc(ab(1),"false",ab(599850),wp(0,1),[],[(0,"Ada",0)])+"\n< "+bc(ab(2),"false",ab(599700),wp(0,1),[],[(0,"Ada",0)])+"\n")
f.sec("what is left is told once, and to newcomers in the first frame",(60,61,62)).join("cast-1","Bo","bo").play("ada","ada",hunt="cast-1").ws("ada",rs(1,"b"),rd(1,"claimed",10,1,loot("b",10,"reach"))).ws("ada",rs(2,"a"),rd(2,"claimed",20,1,loot("a",10))).wait(150)
f.raw("< "+bc(ab(3),"false",ab(599550),wp(0,1),[("a",1),("b",4)],[(0,"Ada",20),(1,"Bo",0)])+"\n").wait(150).raw("< "+bc(ab(4),"false",ab(599400),wp(0,1),[],[(0,"Ada",20),(1,"Bo",0)])+"\n")
f.play("bo","bo",hunt="cast-1").raw("< "+bc(ab(4),"true",ab(599400),wp(0,1),[("a",1),("b",4)],[(0,"Ada",20),(1,"Bo",0)])+"\n")
f.ws("bo",rs(1,"b"),rd(1,"claimed",10,2,loot("b",10,"reach"))).wait(150).raw("< "+bc(ab(5),"false",ab(599250),wp(0,1),[("b",3)],[(0,"Ada",20),(1,"Bo",10)])+"\n\n[ada]\n< "+bc(ab(5),"false",ab(599250),wp(0,1),[("b",3)],[(0,"Ada",20),(1,"Bo",10)])+"\n"); f.c="ada"
f.sec("the first three of the leaderboard",(63,)).quest("cast-2",doc("Leaders",[tr("a",supply=9),tr("b",supply=9)])).start("cast-2")
for n in ["Ada","Bo","Cy","Di"]: f.join("cast-2",n,n.lower())
f.res("cast-2","di","a",O,oc("claimed",10,1,loot("a",10))).play("ada","ada",hunt="cast-2").raw("< "+bc(ab(0),"true",ab(600000),wp(0),[("a",8)],[(3,"Di",10),(0,"Ada",0),(1,"Bo",0)])+"\n")
f.sec("waypoints come into play one after the other",(59,)).quest("cast-3",doc("Turn",TR,{"waypoints_in_play":2,"waypoint_ms":300,"duration_ms":86400000},WP)).start("cast-3").join("cast-3","Ada","ada").play("ada","ada",hunt="cast-3")
for i,w in [(0,(0,1)),(2,(1,2)),(4,(2,0)),(6,(0,1))]:
    if i: f.wait(300)
    f.raw("< "+bc(ab(i),"true" if i==0 else "false",ab(86400000-150*i),wp(*w),[],[(0,"Ada",0)]))
f.raw("\n")
f.sec("more in play than there are",(59,)).quest("cast-4",doc("All",TR,{"waypoints_in_play":64},WP)).start("cast-4").join("cast-4","Ada","ada").play("ada","ada",hunt="cast-4").raw("< "+bc(ab(0),"true",ab(600000),wp(0,1,2),[],[(0,"Ada",0)])+"\n")
f.sec("a round that ends by time: the last frame, then 1000",(64,)).quest("cast-5",doc("Short",TR,{"duration_ms":700},WP)).start("cast-5").join("cast-5","Ada","ada").play("ada","ada",hunt="cast-5").wait(750).raw("< "+bc(4,"false",0,wp(0,1,2),[],[(0,"Ada",0)],"ended")+'\n< close 1000 "hunt ended"\n> close 1000\n<eof>\n')
f.sec("a round that ends by the last claim",(61,64)).quest("cast-6",doc("Last",[tr("a"),tr("b")],None,WP)).start("cast-6").join("cast-6","Ada","ada").join("cast-6","Bo","bo").play("bo","bo","hunt.v1",hunt="cast-6").play("ada","ada",hunt="cast-6").ws("ada",rs(1,"a"),rd(1,"claimed",10,1,loot("a",10))).ws("ada",rs(2,"b"),rd(2,"claimed",20,1,loot("b",10)))
f.wait(10).raw("< "+bc(ab(0),"false",0,wp(0,1,2),[("a",0),("b",0)],[(0,"Ada",20),(1,"Bo",0)],"ended")+'\n< close 1000 "hunt ended"\n> close 1000\n<eof>\n\n[bo]\n< close 1000 "hunt ended"\n> close 1000\n<eof>\n')
f.sec("frames to the tick",(57,58,59,61),core="a server's clock does not stand still").quest("cast-7",doc("Exact",TR,{"waypoints_in_play":1,"waypoint_ms":200},WP)).start("cast-7").join("cast-7","Ada","ada").wait(140).play("ada","ada",hunt="cast-7").raw("< "+bc(0,"true",600000,wp(0),[],[(0,"Ada",0)])+"\n").wait(10).raw("< "+bc(1,"false",599850,wp(0),[],[(0,"Ada",0)])+"\n").wait(140).raw("<nothing>\n").wait(10).raw("< "+bc(2,"false",599700,wp(1),[],[(0,"Ada",0)])+"\n")
f.sec("a hunt that cannot be watched",(18,21,55)).quest("cast-8",doc("Over",[tr("a")])).start("cast-8").join("cast-8","Ada","ada").res("cast-8","ada","a",O,oc("claimed",10,1,loot("a",10)))
HS="> Host: a\n> Authorization: Bearer ${%s}\n> Connection: Upgrade\n> Upgrade: websocket\n> Sec-WebSocket-Version: 13\n> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n>\n"
f.use("ws").raw("> GET /v1/hunts/cast-8/play HTTP/1.1\n"+HS%"ada"+"< ? 409 hunt-ended\n\n# It is still an HTTP connection.\ninclude setup/still.txt\n\ninclude setup/tokens.txt\n\n[ws]\n> GET /v1/hunts/nowhere/play HTTP/1.1\n"+HS%"session_of_no_hunt"+"< ? 404 unknown-hunt\n")
f.sec("messages that are malformed or refused",(56,)).join("cast-1","Cy","cy").play("cy","cy",hunt="cast-1")
f.ws("cy",'text nonsense',inv(0,"a value of the wrong type","",1) if False else inv(0,"not well-formed JSON","",2)) if False else None
for m,e in [('text {"seq":1}',inv(1,"a field is missing","/move",10)),('text {"move":{"x":0,"y":0,"z":0}}',inv(0,"a field is missing","/seq",32)),('text {}',inv(0,"a field is missing","/seq",2)),
 ('text {"seq":-1,"move":{"x":0,"y":0,"z":0}}',inv(0,"a value out of its range","/seq",8)),('text {"seq":4294967296}',inv(0,"a value out of its range","/seq",8)),('text {"seq":"1"}',inv(0,"a value of the wrong type","/seq",8)),
 ('text {"seq":7,"jump":{}}',inv(7,"an unknown field","/jump",10)),('text {"jump":{},"seq":7}',inv(0,"an unknown field","/jump",2)),('text {"seq":7,"move":{"x":0,"y":0,"z":0},"use_power_up":{"power_up":"boost"}}',inv(7,"an unknown field","/use_power_up",40)),
 ('text {"seq":7,"move":{"x":0,"y":0,"z":0},"move":{}}',inv(7,"a field that was given before","/move",40)),('text {"seq":7,"seq":7}',inv(7,"a field that was given before","/seq",10)),
 ('text []',inv(0,"a value of the wrong type","",1)),('text',inv(0,"not well-formed JSON","",1)),('text {"seq":8,"move":{"x":0,"y":0,"z":0}} x',inv(8,"bytes after the document","",41)),
 ('text {"seq":9,\\n"move":\\n{"x":0,"y":0,"z":0,"w":0}}',inv(9,"an unknown field","/move/w",20,3)),
 (mv(4294967295,0,0,0),moved(4294967295,"moved",0,0,0)),(mv(0,0,0,0),moved(0,"moved",0,0,0)),
 ('text {"move":{"x":0,"y":0,"z":0},"seq":10}',moved(10,"moved",0,0,0))]: f.ws("cy",m,e)
f.sec("many messages at once are answered in their order",(56,)).join("cast-1","Di","di").play("di","di",hunt="cast-1").use("di").raw("> "+mv(1,1,0,0)+"\n> "+use(2,"double")+"\n> text {}\n> "+rs(3,"b")+"\n> ping \"x\"\n> "+mv(4,9000,0,0)+"\n< "+moved(1,"moved",1,0,0)+"\n< "+used(2,"used","double",5000,70)+"\n< "+inv(0,"a field is missing","/seq",2)+"\n< "+rd(3,"claimed",20,2,loot("b",20,"reach")).replace('"rank":2','"rank":${int}')+"\n< pong \"x\"\n< "+moved(4,"too_fast",0,0,0,70)+"\n")
f.sec("the same in protobuf",(28,34,38,54,79)).quest("cast-9",doc("Protobuf",[tr("a",supply=9,power_up="boost"),tr("b",supply=9,opens_ms=60000),tr("c",90,supply=9),tr("d")],None,WP)).start("cast-9").join("cast-9","Ada","ada").join("cast-9","Bo","bo").play("ada","ada","hunt.v1",hunt="cast-9")
f.raw("< broadcast full:true,status:HUNT_STATE_RUNNING,remaining_ms:${about:600000},waypoints:?\n\n")
def pb(m,*e): f.ws("ada","binary "+m,*["binary "+x for x in e])
pb("seq: 1 move { x: 1 }","moved{seq:1,outcome:MOVE_OUTCOME_MOVED,x:1.0,energy:100}")
pb("seq: 2 move { x: 1 y: -1 heading: 90 }","moved{seq:2,outcome:MOVE_OUTCOME_MOVED,x:1.0,y:-1.0,energy:100}")
pb("move { x: 900 }","moved{outcome:MOVE_OUTCOME_TOO_FAST,x:1.0,y:-1.0,energy:100}")
pb("seq: 3 use_power_up { power_up: POWER_UP_DOUBLE }","power_up_used{seq:3,outcome:POWER_UP_OUTCOME_USED,power_up:POWER_UP_DOUBLE,active_ms:5000,energy:70}")
pb('seq: 4 resolve { treasure: "a" x: 1 y: -1 }','resolved{seq:4,outcome:RESOLVE_OUTCOME_CLAIMED,loot{item:"a",points:20,power_up:POWER_UP_BOOST},score:20,rank:1}'.replace("loot{","loot:{") if False else 'resolved{seq:4,outcome:RESOLVE_OUTCOME_CLAIMED,loot{item:"a",points:20,power_up:POWER_UP_BOOST},score:20,rank:1}')
pb('seq: 5 resolve { treasure: "a" x: 1 y: -1 key: "k" }','resolved{seq:5,outcome:RESOLVE_OUTCOME_ALREADY_CLAIMED,score:20,rank:1}')
pb('seq: 6 resolve { treasure: "b" x: 1 y: -1 }','resolved{seq:6,outcome:RESOLVE_OUTCOME_NOT_OPEN,score:20,rank:1}')
pb('seq: 7 resolve { treasure: "c" x: 1 y: -1 }','resolved{seq:7,outcome:RESOLVE_OUTCOME_TOO_FAR,score:20,rank:1}')
pb('seq: 8 resolve { treasure: "c" x: 90 }','resolved{seq:8,outcome:RESOLVE_OUTCOME_TOO_FAST,score:20,rank:1}')
f.res("cast-9","bo","d",O,oc("claimed",10,2,loot("d",10)))
pb('seq: 9 resolve { treasure: "d" x: 1 y: -1 }','resolved{seq:9,outcome:RESOLVE_OUTCOME_EXHAUSTED,score:20,rank:1}')
def ref(seq,slug,title,status,detail=None): return 'refused{%stype:"urn:hunt:problem:%s",title:"%s",status:%d%s}'%("seq:%d,"%seq if seq else "",slug,title,status,',detail:"%s"'%detail if detail else "")
pb('seq: 10 resolve { treasure: "e" }',ref(10,"unknown-treasure","the quest has no such treasure",404))
pb('seq: 11 resolve { treasure: "b" key: "k" x: 1 y: -1}',ref(11,"key-reused","the idempotency key was used for another treasure",409))
pb('seq: 12',ref(12,"invalid-body",BAD,422,"a field is missing"))
pb('',ref(0,"invalid-body",BAD,422,"a field is missing"))
for m in ['move { x: 1000001 }','move { x: nan }','move { z: -inf }','move { heading: 360 }','move { heading: -1 }','use_power_up {}','use_power_up { power_up: 9 }','resolve { treasure: "" }','resolve { treasure: "b" key: "" }','resolve { treasure: "b" y: inf }']: pb("seq: 13 "+m,ref(13,"invalid-body",BAD,422,"a value out of its range"))
for m in ['frame op=2 "\\xff"','frame op=2 "\\x08\\x01\\x12\\x05x"','frame op=2 "\\x0a\\x00"','frame op=2 "\\x22\\x03\\x0a\\x01\\xff"']: f.ws("ada",m,"binary "+ref("?","invalid-body",BAD,422,"not well-formed protobuf") if False else "binary "+ref(0,"invalid-body",BAD,422,"not well-formed protobuf"))
f.done()
